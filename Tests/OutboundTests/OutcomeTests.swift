import Outbound
import Testing

@Suite("A failure says whether the request may have been processed")
struct OutcomeTests {
    private func failure(
        _ request: Request, _ answer: @escaping LoopbackServer.Answer
    ) async throws -> (error: OutboundError?, requests: Int) {
        let server = try LoopbackServer(answer)
        defer { server.stop() }
        var request = request
        request.url = server.url + request.url
        let outbound = makeOutbound()
        let error = await outboundError { [request] in try await outbound.send(request) }
        return (error, server.ledger.count)
    }

    @Test func refusedConnection() async throws {
        let error = await outboundError {
            try await makeOutbound().send(Request(method: "POST", url: "http://127.0.0.1:1/", retry: .never))
        }
        #expect(error?.isNotSent == true)
        #expect(error?.isSurelyNotSent == true)
    }

    @Test func unknownHost() async throws {
        let error = await outboundError {
            try await makeOutbound().send(Request(method: "POST", url: "http://no-such-host.invalid/"))
        }
        #expect(error?.isSurelyNotSent == true)
    }

    @Test func missingUnixSocket() async throws {
        let error = await outboundError {
            try await makeOutbound().send(
                Request(method: "POST", url: "http://docker/", unixSocket: "/nonexistent/docker.sock"))
        }
        #expect(error?.isNotSent == true)
    }

    @Test(arguments: [LoopbackServer.After.close, .reset])
    func closedAfterReadingTheRequest(after: LoopbackServer.After) async throws {
        let result = try await failure(Request(method: "POST", url: "/", retry: .mutation)) { _, _ in after }
        #expect(result.error?.isOutcomeUnknown == true)
        #expect(result.requests == 1)
    }

    @Test func halfAHead() async throws {
        let result = try await failure(Request(method: "POST", url: "/", retry: .mutation)) { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\nContent-Le")
            return .close
        }
        #expect(result.error?.isOutcomeUnknown == true)
        #expect(result.requests == 1)
    }

    @Test func halfABody() async throws {
        let result = try await failure(Request(method: "POST", url: "/", retry: .mutation)) { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            return .reset
        }
        #expect(result.error?.isOutcomeUnknown == true)
        #expect(result.requests == 1)
    }

    @Test func notHTTPAtAll() async throws {
        let result = try await failure(Request(method: "POST", url: "/", retry: .mutation)) { peer, _ in
            peer.send("SSH-2.0-OpenSSH\r\n")
            return .close
        }
        #expect(result.error?.isOutcomeUnknown == true)
    }

    @Test func serverErrorsAreAnswers() async throws {
        let server = try LoopbackServer { peer, _ in
            peer.respond(408, body: #"{"error":"deadline_exceeded"}"#)
            return .keep
        }
        defer { server.stop() }
        let response = try await makeOutbound().send(Request(method: "POST", url: server.url, retry: .mutation))
        #expect(response.status == 408)
        #expect(server.ledger.count == 1)
    }

    @Test func bodyOverTheCap() async throws {
        let result = try await failure(Request(method: "GET", url: "/", maxResponseBytes: 1000)) { peer, _ in
            peer.respond(body: String(repeating: "x", count: 1001))
            return .keep
        }
        #expect(result.error?.isTooLarge == true)
    }

    @Test func bodyAtTheCap() async throws {
        let result = try await failure(Request(method: "GET", url: "/", maxResponseBytes: 1000)) { peer, _ in
            peer.respond(body: String(repeating: "x", count: 1000))
            return .keep
        }
        #expect(result.error == nil)
        #expect(result.requests == 1)
    }

    @Test func headersOverTheCap() async throws {
        let result = try await failure(Request(method: "GET", url: "/", retry: .read)) { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\n")
            for index in 0..<200 { peer.send("X-\(index): \(String(repeating: "y", count: 1000))\r\n") }
            peer.send("\r\n")
            return .close
        }
        #expect(result.error?.isTooLarge == true)
        #expect(result.requests == 1)
    }
}
