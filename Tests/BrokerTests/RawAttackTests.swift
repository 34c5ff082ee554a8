import Foundation
import Support
import Testing

@testable import Broker
@testable import Vendors

/// Bytes that no client of ours would send.
@Suite("Bytes that try to get past the broker", .docker) struct RawAttackTests {
    /// Sends a request and returns the whole answer.
    private func ask(_ rig: BrokerRig, _ head: String, _ body: String = "") async throws -> String {
        let socket = try UnixSocket(rig.broker.socket)
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        socket.send("\(head)\r\nHost: x\r\nConnection: close\r\n\(length)\r\n\(body)")
        return await socket.read()
    }

    private func expectNothingMade(_ rig: BrokerRig) async throws {
        #expect(try await rig.root.listContainers(DockerFilter(labels: ["converged.owner=pa/\(rig.id)"])).isEmpty)
    }

    @Test func bodiesWithTwoMeanings() async throws {
        try await BrokerRig.with { rig in
            let labels = #""Labels":{"converged.owner":"pa/\#(rig.id)"},"Image":"local/box:1""#
            let bodies = [
                #"{\#(labels),"HostConfig":{"NetworkMode":"none","privileged":true}}"#,
                #"{\#(labels),"HostConfig":{"NetworkMode":"none","Privileged":false,"Privileged":true}}"#,
                #"{\#(labels),"HostConfig":{"NetworkMode":"none"},"hostconfig":{"Privileged":true}}"#,
                #"{\#(labels),"HostConfig":{"NetworkMode":"none"},"HostConfig":{"Privileged":true}}"#,
                #"{\#(labels),"HostConfig":{"NetworkMode":"none","PidMode":"host"}}"#,
                #"{\#(labels),"HostConfig":{"NetworkMode":"none","Binds":["/:/h"],"Binds":[]}}"#,
                #"{\#(labels),"HostConfig":{"NetworkMode":"none"}} {"HostConfig":{"Privileged":true}}"#,
                #"{\#(labels),"HostConfig":{"NetworkMode":"none","\#u{017f}ecurityOpt":["seccomp=unconfined"]}}"#,
            ]
            for body in bodies {
                let answer = try await ask(rig, "POST /v1.41/containers/create?name=\(rig.name("x")) HTTP/1.1", body)
                #expect(answer.hasPrefix("HTTP/1.1 40"), "\(body): \(answer)")
                #expect(answer.contains(#"{"message":"the Docker broker refuses: "#), "\(answer)")
            }
            try await expectNothingMade(rig)
        }
    }

    @Test func targetsWithTwoMeanings() async throws {
        try await BrokerRig.with { rig in
            let foreign = try await rig.foreign("theirs")
            let id = try await rig.running("mine")
            for target in [
                "/v1.41/containers/\(id)/../\(foreign)/json", "/v1.41/containers/\(id)%2f..%2f\(foreign)/json",
                "/v1.41/containers/%2e%2e/containers/\(foreign)/json", "//v1.41/containers/\(foreign)/json",
                "/v1.41/containers/\(foreign.prefix(12))/json", "/containers/\(foreign)/json",
                "http://x/v1.41/containers/\(foreign)/logs?stdout=1", "/v1.41/containers/\(foreign)/logs?stdout=1",
                "/v1.41/containers/\(id)/archive?path=/&path=/etc", "/v1.24/containers/\(id)/json",
            ] {
                let answer = try await ask(rig, "GET \(target) HTTP/1.1")
                #expect(answer.hasPrefix("HTTP/1.1 40"), "\(target): \(answer)")
                #expect(!answer.contains("hush"))
            }
        }
    }

    /// Two readers that find different ends of a request let a second one through unseen. There is no second reader here:
    /// what is forwarded is written anew; and what is ambiguous ends the connection.
    @Test func requestsInsideRequests() async throws {
        try await BrokerRig.with { rig in
            let id = try await rig.running("mine")
            let foreign = try await rig.foreign("theirs")
            let hidden = "POST /v1.41/containers/\(foreign)/kill HTTP/1.1\r\nHost: x\r\n\r\n"
            let start = "POST /v1.41/containers/\(id)/start HTTP/1.1\r\nHost: x\r\n"
            for attack in [
                start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
                start + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden,
                start + "Content-Length: 0\r\nContent-Length: \(hidden.utf8.count)\r\n\r\n" + hidden,
                start + "Transfer-Encoding: xchunked\r\n\r\n" + hidden, start + "Content-Length: -1\r\n\r\n" + hidden,
                start + "Content-Length: \(hidden.utf8.count)\r\n\r\n" + hidden,
                start + "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n" + hidden,
                start + "X-Registry-Auth: a\r\n X: b\r\n\r\n" + hidden,
            ] {
                let socket = try UnixSocket(rig.broker.socket)
                socket.send(attack + "GET /_nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let answer = await socket.read()
                #expect(!answer.contains("204"), "\(attack): \(answer)")
            }
            #expect(try await rig.root.inspectContainer(foreign).state.isRunning)
        }
    }

    @Test func whatIsPipelinedIsJudgedOneByOne() async throws {
        try await BrokerRig.with { rig in
            let foreign = try await rig.foreign("theirs")
            let socket = try UnixSocket(rig.broker.socket)
            socket.send(
                "GET /_ping HTTP/1.1\r\nHost: x\r\n\r\nDELETE /v1.41/containers/\(foreign)?force=1 HTTP/1.1\r\nHost: x\r\n"
                    + "Connection: close\r\n\r\n")
            let answer = await socket.read()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK") && answer.contains("HTTP/1.1 403 Forbidden"), "\(answer)")
            #expect(try await rig.root.inspectContainer(foreign).state.isRunning)
        }
    }

    @Test func chunkedBodiesAreReadLikeOthers() async throws {
        try await BrokerRig.with { rig in
            let body = #"{"Name":"\#(rig.name("vol"))","Labels":{"converged.owner":"pa/x","test":"\#(rig.id)"}}"#
            let socket = try UnixSocket(rig.broker.socket)
            socket.send(
                "POST /v1.41/volumes/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            for byte in body.utf8 { socket.send("1\r\n\(Character(Unicode.Scalar(byte)))\r\n") }
            socket.send("0\r\n\r\n")
            #expect(await socket.read().hasPrefix("HTTP/1.1 201"))
            #expect(try await rig.root.inspectVolume(rig.name("vol")).labels["converged.owner"] == "pa/x")
        }
    }

    @Test func whatIsTooLargeIsRefused() async throws {
        try await BrokerRig.with { rig in
            let socket = try UnixSocket(rig.broker.socket)
            socket.send(
                "POST /v1.41/containers/create?name=xy HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n")
            // All of it at once: the broker answers, and hangs up on who goes on.
            let flood = Task.detached { socket.send([UInt8](repeating: 0x20, count: 50_000_000)) }
            #expect(await socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 413"))
            _ = await socket.read()
            await flood.value
            let header = String(repeating: "x", count: 200_000)
            let long = try await ask(rig, "GET /_ping HTTP/1.1\r\nX-Long: \(header)")
            #expect(!long.contains("200 OK"))
            let many = (0..<500).map { "X-\($0): y" }.joined(separator: "\r\n")
            #expect(!(try await ask(rig, "GET /_ping HTTP/1.1\r\n\(many)")).contains("200 OK"))
            #expect(!(try await ask(rig, "GET /\(header) HTTP/1.1")).contains("200 OK"))
            #expect(try await rig.docker.ping() == (try await rig.root.ping()))
        }
    }
}
