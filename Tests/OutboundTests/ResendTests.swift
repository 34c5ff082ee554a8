import Outbound
import Support
import Testing

/// libcurl repeats any method when a kept connection closes without a byte of an answer (`Curl_retry_request`).
/// These tests show that it does, and that a mutation is kept from it.
@Suite("A mutation on a kept connection goes out once")
struct ResendTests {
    /// Answers the first request of a connection, reads the second and hangs up.
    private static func hangUpOnTheSecond(_ after: LoopbackServer.After) -> LoopbackServer.Answer {
        { peer, heard in
            guard heard.indexOnConnection == 0 else { return after }
            peer.respond(body: "ok")
            return .keep
        }
    }

    @Test(arguments: [LoopbackServer.After.close, .reset])
    func mutation(after: LoopbackServer.After) async throws {
        for (method, body) in [
            ("POST", "x"), ("DELETE", nil), ("POST", nil), ("PUT", String(repeating: "z", count: 300_000)),
        ] {
            let server = try LoopbackServer(Self.hangUpOnTheSecond(after))
            defer { server.stop() }
            let outbound = makeOutbound()
            _ = try await outbound.send(Request(method: "GET", url: server.url + "/warm"))
            let error = await outboundError {
                try await outbound.send(
                    Request(
                        method: method, url: server.url + "/once", body: body.map { Array($0.utf8) }, retry: .mutation))
            }
            #expect(error?.isOutcomeUnknown == true, "\(method)")
            #expect(server.ledger.count { $0.path == "/once" } == 1, "\(method)")
            #expect(server.ledger.last?.connection == 0)
            // A reset may also break the writing, after which libcurl does not try again by itself.
            if after == .close { #expect(await outbound.counters().resendsPrevented == 1) }
        }
    }

    /// One attempt of ours, two requests at the server: the second is libcurl's own.
    @Test(arguments: ["GET", "POST"])
    func readIsRepeatedAtOnce(method: String) async throws {
        let server = try LoopbackServer(Self.hangUpOnTheSecond(.close))
        defer { server.stop() }
        let outbound = makeOutbound()
        _ = try await outbound.send(Request(method: "GET", url: server.url + "/warm"))
        let response = try await outbound.send(Request(method: method, url: server.url + "/again", retry: .read))
        #expect(response.text == "ok")
        #expect(server.ledger.count { $0.path == "/again" } == 2)
        #expect(await outbound.counters().attempts == 2)
    }

    @Test func streamedBody() async throws {
        let server = try LoopbackServer(Self.hangUpOnTheSecond(.close))
        defer { server.stop() }
        let outbound = makeOutbound()
        _ = try await outbound.send(Request(method: "GET", url: server.url + "/warm"))
        let chunks = AsyncStream<[UInt8]> { continuation in
            continuation.yield([1, 2, 3])
            continuation.finish()
        }
        let error = await outboundError {
            try await outbound.send(
                Request(method: "PUT", url: server.url + "/once", bodyStream: BodyStream(chunks), retry: .mutation))
        }
        #expect(error?.isOutcomeUnknown == true)
        #expect(server.ledger.count { $0.path == "/once" } == 1)
    }

    /// A connection that the peer closed while it was idle is seen before the request is written.
    @Test func connectionClosedWhileIdle() async throws {
        let server = try LoopbackServer { peer, _ in
            peer.respond(body: "ok")
            return .close
        }
        defer { server.stop() }
        let outbound = makeOutbound()
        for index in 0..<20 {
            let response = try await outbound.send(
                Request(method: "POST", url: server.url + "/\(index)", retry: .never))
            #expect(response.text == "ok")
            try await eventually("the connections are closed") { server.openConnections == 0 }
        }
        #expect(server.ledger.count == 20)
    }
}
