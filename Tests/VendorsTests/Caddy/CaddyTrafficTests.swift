import Foundation
import Outbound
import Support
import Testing

@testable import Vendors

/// Requests through a real Caddy whose routes we keep.
@Suite struct CaddyTrafficTests {
    @Test func aRequestReachesItsPortWithoutStrippedHeaders() async throws {
        try await CaddyFixture.with { fixture in
            #expect(try await fixture.get("alice.team.example.com").status == 404)
            #expect(try await fixture.converge([fixture.route("alice")]) == 1)
            let answer = try await fixture.get(
                "alice.team.example.com",
                headers: [
                    ("Tailscale-User-Login", "mallory@example.com"), ("X-Forwarded-User", "mallory"),
                    ("X-Forwarded-For", "6.6.6.6"), ("X-Mine", "kept"),
                ])
            #expect(answer.status == 200)
            #expect(answer.text.hasPrefix("port \(fixture.upstream.port)\r\nGET /chat HTTP/1.1\r\n"))
            #expect(answer.text.contains("Host: alice.team.example.com\r\n"))
            #expect(answer.text.contains("X-Mine: kept\r\n"))
            #expect(!answer.text.contains("mallory"))
            #expect(!answer.text.contains("6.6.6.6"))
            #expect(answer.headers["x-kept"] == "yes")
            #expect(answer.headers["x-powered-by"] == nil)
            #expect(try await fixture.get("bob.team.example.com").status == 404)
            #expect(try await fixture.converge([fixture.route("alice")]) == 0)
        }
    }

    @Test func webSocketsPass() async throws {
        try await CaddyFixture.with { fixture in
            try await fixture.converge([fixture.route("alice")])
            let upgrade = """
                GET /ws HTTP/1.1\r\nHost: alice.team.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
                """
            let heard = try await Wire.talk(
                to: fixture.caddy.port, [(upgrade, "\r\n\r\n"), ("ping over the socket", "ping over the socket")])
            #expect(heard.hasPrefix("HTTP/1.1 101 "))
            #expect(heard.hasSuffix("ping over the socket"))
        }
    }

    @Test func aChangedPortIsFollowed() async throws {
        try await CaddyFixture.with { fixture in
            let other = try EchoUpstream()
            defer { other.stop() }
            try await fixture.converge([fixture.route("alice"), fixture.route("bob")])
            try await fixture.converge([fixture.route("alice", port: other.port), fixture.route("bob")])
            #expect(try await fixture.get("alice.team.example.com").text.hasPrefix("port \(other.port)\r\n"))
            #expect(
                try await fixture.get("bob.team.example.com").text.hasPrefix("port \(fixture.upstream.port)\r\n"))
            let seen = try await fixture.client.upstreams().map(\.address)
            #expect(Set(seen) == ["127.0.0.1:\(other.port)", "127.0.0.1:\(fixture.upstream.port)"])
        }
    }

    @Test func aLongBodyIsRefused() async throws {
        try await CaddyFixture.with { fixture in
            let limits = CaddyRouteLimits(
                maxRequestBytes: 10_000, dialTimeoutSeconds: 2, responseHeaderTimeoutSeconds: 600)
            try await fixture.converge([fixture.route("alice", limits: limits)])
            let host = "alice.team.example.com"
            #expect(try await fixture.get(host, body: [UInt8](repeating: 65, count: 10_000)).status == 200)
            let long = try await fixture.get(host, body: [UInt8](repeating: 65, count: 10_001))
            #expect([413, 502].contains(long.status))
            #expect(try await fixture.converge([fixture.route("alice", limits: limits)]) == 0)
        }
    }

    @Test func aHostOfOursHasHTTPS() async throws {
        let apps = """
            {"http": {"servers": {"main": {"listen": ["127.0.0.1:PORT"],
                "automatic_https": {"disable_redirects": true}, "routes": []}}},
             "tls": {"automation": {"policies": [{"issuers": [{"module": "internal"}]}]}},
             "pki": {"certificate_authorities": {"local": {"install_trust": false}}}}
            """
        try await CaddyFixture.with(apps: apps) { fixture in
            let route = try CaddyRoute(
                id: CaddyName("pa_alice"), host: CaddyHost("alice.localhost"), port: fixture.upstream.port)
            try await fixture.converge([route])
            let tls = TLSIdentity(ca: fixture.caddy.authority)
            let request = Request(
                method: "GET", url: "https://alice.localhost:\(fixture.caddy.port)/", tls: tls, retry: .read)
            var answer: Response?
            try await eventually("the certificate is there", within: .seconds(60)) {
                answer = try? await fixture.outbound.send(request)
                return answer != nil
            }
            #expect(answer?.status == 200)
            #expect(answer?.text.contains("X-Forwarded-Proto: https\r\n") == true)
        }
    }
}
