import Foundation
import Testing

@testable import Vendors

/// The order of routes, without a Caddy.
@Suite struct RoutePlanTests {
    static let catchAll = #"{"handle":[{"handler":"static_response","status_code":404}]}"#
    static let wildcard = #"{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute"}],"terminal":true}"#
    static let compression = #"{"handle":[{"encodings":{"gzip":{}},"handler":"encode"}]}"#
    static let aPath = #"{"match":[{"host":["*.example.com"],"path":["/x"]}],"handle":[{"handler":"file_server"}]}"#

    static func route(_ name: String, host: String? = nil, port: Int = 19_100) throws -> CaddyRoute {
        try CaddyRoute(id: CaddyName(name), host: CaddyHost(host ?? "\(name).example.com"), port: port)
    }

    static func json(_ route: CaddyRoute) throws -> String { String(decoding: try encoded(route.json), as: UTF8.self) }

    static func plan(
        _ wanted: [CaddyRoute], unwanted: [String] = [], _ current: [String]
    ) throws -> RoutePlan {
        try RoutePlan(
            wanted: wanted, unwanted: Set(unwanted.map { try CaddyName($0) }),
            current: Array("[\(current.joined(separator: ","))]".utf8))
    }

    static func result(_ plan: RoutePlan) throws -> [String] {
        try RouteElement.all(in: #require(plan.change).array).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test func oursStandBeforeWhatWouldTakeTheirRequests() throws {
        let (a, b) = (try Self.route("a"), try Self.route("b"))
        let (aText, bText) = (try Self.json(a), try Self.json(b))
        for last in [Self.catchAll, Self.wildcard] {
            #expect(
                try Self.result(Self.plan([b, a], [Self.compression, Self.aPath, last]))
                    == [Self.compression, Self.aPath, aText, bText, last])
        }
        #expect(try Self.result(Self.plan([a], [Self.compression])) == [Self.compression, aText])
        let late = try Self.plan([a, b], [aText, Self.catchAll, bText])
        #expect(late.change?.steps.map(\.kind) == [.move])
        #expect(try Self.result(late) == [aText, bText, Self.catchAll])
    }

    @Test func aWildcardTakesOnlyItsOwn() throws {
        let other = try Self.route("c", host: "c.other.org")
        #expect(
            try Self.result(Self.plan([other], [Self.wildcard, Self.catchAll]))
                == [Self.wildcard, Self.json(other), Self.catchAll])
        let deep = try Self.route("d", host: "d.deep.example.com")
        #expect(try Self.result(Self.plan([deep], [Self.wildcard])) == [Self.wildcard, Self.json(deep)])
    }

    @Test func equalStructureIsNothingToDo() throws {
        let route = try Self.route("a")
        let reordered = """
            { "terminal": true, "handle": [ {"upstreams": [{"dial": "127.0.0.1:19100"}], "headers": {"response":
            {"delete": ["Server", "Via", "X-Powered-By"]}, "request": {"delete": ["Forwarded", "Tailscale-*",
            "X-Forwarded-Email", "X-Forwarded-User", "X-Real-Ip", "X-Remote-*"]}}, "handler": "reverse_proxy"} ],
            "match": [{"host": ["a.example.com"]}], "@id": "a" }
            """
        #expect(try Self.plan([route], [reordered]).change == nil)
        #expect(try Self.plan([Self.route("a", port: 19_101)], [reordered]).change?.description == "replace a")
    }

    @Test func onlyNamedRoutesAreRemoved() throws {
        let (a, b) = (try Self.json(Self.route("a")), try Self.json(Self.route("b")))
        #expect(try Self.plan([], [a, b]).change == nil)
        let plan = try Self.plan([], unwanted: ["b"], [b, a, b])
        #expect(plan.change?.steps.map(\.kind) == [.remove, .remove])
        #expect(try Self.result(plan) == [a])
        #expect(try Self.plan([Self.route("a")], unwanted: ["a"], [a]).change == nil)
    }

    @Test func aHostOfSomebodyElseBlocksOnlyItsRoute() throws {
        let foreign = #"{"@id":"theirs","match":[{"path":["/x"]},{"host":["w.example.com","A.example.COM"]}]}"#
        let plan = try Self.plan([Self.route("a"), Self.route("b")], [Self.catchAll, foreign])
        #expect(plan.blocks.map(\.reason) == [.foreignHost(index: 1, id: "theirs")])
        #expect(plan.blocks.first?.description.contains("a.example.com belongs to route 1 (theirs)") == true)
        #expect(plan.change?.description == "add b")
    }

    @Test func whatIsBlockedStaysAsItIs() throws {
        let mine = try Self.json(Self.route("a", port: 1))
        let foreign = #"{"match":[{"host":["a.example.com"]}]}"#
        let plan = try Self.plan([Self.route("a", port: 2)], unwanted: ["a"], [mine, foreign])
        #expect(plan.change == nil)
        #expect(plan.blocks.count == 1)
    }

    @Test func hostsMayBeSwapped() throws {
        let before = try [Self.route("a", host: "x.example.com"), Self.route("b", host: "y.example.com")]
        let after = try [Self.route("a", host: "y.example.com"), Self.route("b", host: "x.example.com")]
        let plan = try Self.plan(after, before.map { try Self.json($0) })
        #expect(plan.blocks.isEmpty)
        #expect(plan.change?.description == "replace a, replace b")
        // For one of them alone the other is in the way.
        #expect(try Self.plan([after[0]], before.map { try Self.json($0) }).blocks.count == 1)
    }

    @Test func twoThatWantOneHostAreNotBothServed() throws {
        let (new, old) = (try Self.route("a", host: "x.example.com"), try Self.route("b", host: "x.example.com"))
        let plan = try Self.plan([new, old], [Self.json(old)])
        #expect(plan.change == nil)
        #expect(plan.blocks.map(\.reason) == [.wantedTwice(other: old.id)])
        #expect(plan.blocks.first?.id == new.id)
    }

    @Test func aListThatIsNotThereIsEmptyAndNonsenseIsAnError() throws {
        let route = try Self.route("a")
        let plan = try RoutePlan(wanted: [route], current: Array("null\n".utf8))
        #expect(plan.change?.array == Array("[\(try Self.json(route))]".utf8))
        for text in ["", "{}", "[{]", "[] []", "true"] {
            #expect(throws: RouteArrayUnreadable.self) { try RoutePlan(wanted: [route], current: Array(text.utf8)) }
        }
    }

    @Test func elementsAreCutWhereTheyEnd() throws {
        let pieces = [#"{"a":"],[\"\\"}"#, "null", "[1, [2]]", #""x,y""#, "7", "{}"]
        let array = Array("  [ \(pieces.joined(separator: " ,\n")) ]\n".utf8)
        #expect(try RouteElement.all(in: array).map { String(decoding: $0.bytes, as: UTF8.self) } == pieces)
        #expect(try RouteElement.all(in: Array(" [ ] ".utf8)).isEmpty)
    }
}
