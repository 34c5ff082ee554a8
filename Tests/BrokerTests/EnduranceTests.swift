import Foundation
import Support
import Testing

@testable import Broker
@testable import Vendors

/// Clients that stall or leave, a Docker that is away, and a stop.
@Suite("Bad days of a broker", .docker) struct EnduranceTests {
    @Test func dockerIsAway() async throws {
        var settings = BrokerSettings()
        settings.daemon = NSTemporaryDirectory() + "/nobody-listens.sock"
        let broker = try await RunningBroker.start(settings)
        let socket = try UnixSocket(broker.socket)
        socket.send("GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let answer = await socket.read()
        #expect(
            answer.hasPrefix("HTTP/1.1 502") && answer.contains("Docker does not answer behind the broker"), "\(answer)"
        )
        await broker.stop()
    }

    /// A client that leaves takes its call along: a follower of events must not stay at the daemon for ever.
    @Test func whoHangsUpEndsTheCallAtTheDaemon() async throws {
        var settings = BrokerSettings()
        settings.maxConnections = 2
        try await BrokerRig.with(settings) { rig in
            for _ in 0..<6 {
                let socket = try UnixSocket(rig.broker.socket)
                socket.send("GET /v1.41/events HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            }
            #expect(try await rig.docker.ping() == (try await rig.root.ping()))
        }
    }

    @Test func slowClientsLoseTheirPlace() async throws {
        var settings = BrokerSettings()
        settings.maxConnections = 3
        settings.patience = .milliseconds(400)
        settings.idle = .milliseconds(400)
        try await BrokerRig.with(settings) { rig in
            let head = try UnixSocket(rig.broker.socket)
            head.send("GET /_ping HT")
            let body = try UnixSocket(rig.broker.socket)
            body.send("POST /v1.41/volumes/create HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            let idle = try UnixSocket(rig.broker.socket)
            #expect(try await rig.docker.ping() == (try await rig.root.ping()))
            for socket in [head, body, idle] { #expect(!(await socket.read()).contains("200 OK")) }
        }
    }

    @Test func aStopLetsACallEnd() async throws {
        try await BrokerRig.with { rig in
            let id = try await rig.running("draining", ["sh", "-c", "trap '' TERM; sleep 1000"])
            async let stopped = rig.docker.stopContainer(id, graceSeconds: 3)
            try await eventually("the stop is at the daemon") {
                rig.broker.log.lines.contains { $0.contains("forwarded stop-container") }
            }
            async let drained: Void = rig.broker.drain()
            #expect(try await stopped == .done)
            try await drained
        }
    }
}
