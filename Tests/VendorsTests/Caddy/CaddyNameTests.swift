import Testing

@testable import Vendors

/// A label of the greatest length.
private let long = String(repeating: "a", count: 63)

/// What reaches a configuration is proven first.
@Suite struct CaddyNameTests {
    @Test(arguments: ["alice.team.example.com", "crm-alpha.example.com", "A.Example.COM", "1.a", "\(long).com"])
    func hosts(text: String) throws { #expect(try CaddyHost(text).text == text.lowercased()) }

    @Test(arguments: [
        "", "com", ".com", "a..com", "a.com.", "-a.com", "a-.com", "a_b.com", "*.example.com", "{env.X}.com", "a b.com",
        "a.com\n", "ä.com", "127.0.0.1", "a.1", "\(long)a.com", "a.com:80", "a.com/x",
        Array(repeating: long, count: 4).joined(separator: "."),
    ])
    func noHosts(text: String) { #expect(throws: CaddyInvalid.self) { try CaddyHost(text) } }

    @Test func aLabelBringsNoOthers() throws {
        #expect(try CaddyHost(label: "alice", domain: "team.example.com").text == "alice.team.example.com")
        for label in ["a.b", "", "-", "a b", "*"] {
            #expect(throws: CaddyInvalid.self) { try CaddyHost(label: label, domain: "example.com") }
        }
    }

    @Test(arguments: ["", "/", "a/b", "..", ".a", "a b", "a%2f", "ä", String(repeating: "a", count: 65)])
    func noNames(text: String) { #expect(throws: CaddyInvalid.self) { try CaddyName(text) } }

    @Test func portsAndHeaders() throws {
        let (id, host) = (try CaddyName("pa_a"), try CaddyHost("a.example.com"))
        for port in [0, -1, 65_536] {
            #expect(throws: CaddyInvalid.self) { try CaddyRoute(id: id, host: host, port: port) }
        }
        for name in ["", "*", "a b", "{x}", "a:b", "a\r\n"] {
            #expect(throws: CaddyInvalid.self) { try CaddyHeaderRules(strippedFromRequest: [name]) }
        }
        #expect(try CaddyHeaderRules(strippedFromRequest: ["X-A", "X-B-*"]).strippedFromRequest.count == 2)
    }

    static let kinds: [(Int, String?, CaddyAction, CaddyError.Kind)] = [
        (412, "If-Match header did not match current config hash", .writeRoutes, .changedMeanwhile),
        (404, "unknown object ID 'x'", .findRoute, .notFound),
        (400, "invalid traversal path at: config/apps/http", .readRoutes, .noServer),
        (400, "invalid traversal path at: config/apps/http", .writeRoutes, .changedMeanwhile),
        (403, "host not allowed: x", .readRoutes, .forbidden),
        (500, "loading new config: no", .writeRoutes, .refused),
        (500, "reading", .readRoutes, .unavailable),
        (400, "decoding", .writeRoutes, .refused),
        (502, nil, .writeRoutes, .outcomeUnknown),
        (502, nil, .readRoutes, .unavailable),
        (404, nil, .readRoutes, .unreadable),
    ]

    @Test(arguments: kinds)
    func refusals(status: Int, text: String?, action: CaddyAction, kind: CaddyError.Kind) {
        #expect(CaddyRefusal(status: status, text: text).kind(of: action) == kind)
    }
}
