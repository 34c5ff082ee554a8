import Outbound
import Testing

@Suite("A request arrives as it was meant")
struct SendTests {
    private static let echo: LoopbackServer.Answer = { peer, heard in
        peer.respond(
            headers: ["Fly-Request-Id": "01ABC", "X-Two": "1"],
            body: "\(heard.method) \(heard.path) \(String(decoding: heard.body, as: UTF8.self))")
        return .keep
    }

    @Test(arguments: ["GET", "POST", "PUT", "PATCH", "DELETE"])
    func methodAndBody(method: String) async throws {
        let server = try LoopbackServer(Self.echo)
        defer { server.stop() }
        let outbound = makeOutbound()
        let body: [UInt8]? = method == "GET" ? nil : Array(#"{"a":1}"#.utf8)
        let response = try await outbound.send(
            Request(
                method: method, url: server.url + "/v1/x?b=c",
                headers: [("Authorization", "Bearer t"), ("X-Empty", "")], body: body))
        #expect(response.status == 200)
        #expect(response.text == "\(method) /v1/x?b=c " + (body == nil ? "" : #"{"a":1}"#))
        let heard = try #require(server.ledger.first)
        #expect(heard.headers["authorization"] == "Bearer t")
        #expect(heard.headers["x-empty"] == "")
        #expect(heard.headers["content-type"] == nil)
        #expect(heard.headers["expect"] == nil)
        #expect(heard.headers["user-agent"] == "converged")
        await outbound.close()
    }

    @Test func responseHeadersAndRequestID() async throws {
        let server = try LoopbackServer(Self.echo)
        defer { server.stop() }
        let response = try await makeOutbound().send(Request(method: "GET", url: server.url + "/"))
        #expect(response.headers["X-TWO"] == "1")
        #expect(response.headers.values("x-two") == ["1"])
        #expect(response.requestID == "01ABC")
    }

    @Test func emptyBodiesHaveALength() async throws {
        let server = try LoopbackServer(Self.echo)
        defer { server.stop() }
        let outbound = makeOutbound()
        _ = try await outbound.send(Request(method: "POST", url: server.url + "/start"))
        _ = try await outbound.send(Request(method: "POST", url: server.url + "/start", body: []))
        let head = try await outbound.send(Request(method: "HEAD", url: server.url + "/start"))
        #expect(head.body == [])
        #expect(server.ledger.prefix(2).map { $0.headers["content-length"] } == ["0", "0"])
    }

    @Test func connectionsAreKept() async throws {
        let server = try LoopbackServer(Self.echo)
        defer { server.stop() }
        let outbound = makeOutbound()
        for index in 0..<50 { _ = try await outbound.send(Request(method: "POST", url: server.url + "/\(index)")) }
        #expect(server.connections == 1)
        #expect(server.ledger.count == 50)
        let counters = await outbound.counters()
        #expect(counters.connections == 1)
        #expect(counters.attempts == 50)
        #expect(counters.bytesSent > 50 * 40)
    }

    @Test func connectionsPerHostAreLimited() async throws {
        let server = try LoopbackServer(Self.echo)
        defer { server.stop() }
        let outbound = makeOutbound { $0.maxConnectionsPerHost = 4 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask { _ = try await outbound.send(Request(method: "GET", url: server.url + "/\(index)")) }
            }
            try await group.waitForAll()
        }
        #expect(Set(server.ledger.map(\.path)).count == 200)
        #expect(server.connections <= 4)
    }

    @Test func unixSocket() async throws {
        try await withScratch { folder in
            let server = try LoopbackServer(unixSocket: folder + "/docker.sock", Self.echo)
            defer { server.stop() }
            let response = try await makeOutbound().send(
                Request(method: "GET", url: "http://docker/v1.43/info", unixSocket: server.unixSocket))
            #expect(response.text.hasPrefix("GET /v1.43/info"))
            #expect(server.ledger.first?.headers["host"] == "docker")
        }
    }

    @Test func interimAnswersAreNotTheHead() async throws {
        let server = try LoopbackServer { peer, _ in
            peer.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
            peer.respond(201, body: "ok")
            return .keep
        }
        defer { server.stop() }
        let response = try await makeOutbound().send(Request(method: "GET", url: server.url + "/"))
        #expect(response.status == 201)
        #expect(response.text == "ok")
        #expect(response.headers["link"] == nil)
    }

    /// Whole answers show them beside the head, which they cannot change; a streamed head is out before they come.
    @Test func trailersAddToTheHead() async throws {
        let server = try LoopbackServer { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Etag\r\nX-Kept: head\r\n\r\n")
            peer.send("2\r\nok\r\n0\r\nEtag: \"/config/ 1a\"\r\nX-Kept: late\r\n\r\n")
            return .keep
        }
        defer { server.stop() }
        let outbound = makeOutbound()
        for _ in 0..<2 {
            let response = try await outbound.send(Request(method: "GET", url: server.url + "/"))
            #expect(response.status == 200)
            #expect(response.text == "ok")
            #expect(response.headers["etag"] == "\"/config/ 1a\"")
            #expect(response.headers.values("x-kept") == ["head"])
        }
        let streamed = try await outbound.stream(Request(method: "GET", url: server.url + "/"))
        #expect(streamed.headers["etag"] == nil)
        var body: [UInt8] = []
        for try await chunk in streamed.body { body += chunk }
        #expect(String(decoding: body, as: UTF8.self) == "ok")
    }

    @Test func trailersCountAgainstTheHeaderLimit() async throws {
        let server = try LoopbackServer { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
            for index in 0..<100 { peer.send("X-\(index): \(String(repeating: "a", count: 100))\r\n") }
            peer.send("\r\n")
            return .close
        }
        defer { server.stop() }
        let outbound = makeOutbound { $0.maxHeaderBytes = 4096 }
        let error = await outboundError { try await outbound.send(Request(method: "GET", url: server.url + "/")) }
        #expect(error?.isTooLarge == true)
    }

    @Test func redirectsAreAnswers() async throws {
        let server = try LoopbackServer { peer, _ in
            peer.respond(302, headers: ["Location": "http://127.0.0.1:1/"])
            return .keep
        }
        defer { server.stop() }
        let response = try await makeOutbound().send(Request(method: "GET", url: server.url + "/", retry: .read))
        #expect(response.status == 302)
        #expect(server.ledger.count == 1)
    }

    @Test(arguments: [
        Request(method: "GET", url: "http://127.0.0.1:1/", headers: [("X", "a\r\nY: b")]),
        Request(method: "GET", url: "http://127.0.0.1:1/", headers: [("X: y\r\nZ", "a")]),
        Request(method: "GET", url: "http://127.0.0.1:1/a b"),
        Request(method: "GET /x", url: "http://127.0.0.1:1/"),
        Request(method: "GET", url: "file:///etc/passwd"),
        Request(method: "GET", url: "gopher://127.0.0.1/"),
    ])
    func malformedRequestsAreRefused(request: Request) async throws {
        let outbound = makeOutbound()
        let error = await outboundError { try await outbound.send(request) }
        #expect(error?.isNotSent == true)
        #expect(await outbound.counters().attempts == 0)
    }

    @Test func errorsNameTheCallWithoutItsSecrets() async throws {
        let error = await outboundError {
            try await makeOutbound().send(
                Request(
                    method: "GET", url: "http://user:pass@127.0.0.1:1/v1/apps?token=secret",
                    headers: [("Authorization", "Bearer hidden")]))
        }
        let text = try #require(error).description
        #expect(text.contains("GET 127.0.0.1:1/v1/apps"))
        for secret in ["secret", "hidden", "pass"] { #expect(!text.contains(secret)) }
    }
}
