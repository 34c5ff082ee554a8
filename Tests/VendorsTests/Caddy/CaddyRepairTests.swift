import Foundation
import Outbound
import Support
import Testing

@testable import Vendors

/// Drift, meddling and loss, against a real Caddy.
@Suite struct CaddyRepairTests {
    @Test func foreignRoutesStayByteForByte() async throws {
        try await CaddyFixture.with { fixture in
            let before = try await fixture.current()
            #expect(before.count == 2)
            let names = try ["alice", "bob", "carol"].map { try fixture.route($0) }
            try await fixture.converge(names)  // several: one write of the whole list
            #expect(try await fixture.ids() == [nil, "pa_alice", "pa_bob", "pa_carol", nil])
            try await fixture.converge([names[0], names[2]], unwanted: [names[1].id])  // one: by its index
            let after = try await fixture.current()
            #expect([after.first, after.last] == [before.first, before.last])
            #expect(try await fixture.ids() == [nil, "pa_alice", "pa_carol", nil])
            #expect(try await fixture.get("alice.team.example.com").status == 200)
            #expect(try await fixture.get("bob.team.example.com").status == 404)
        }
    }

    @Test func oneRouteIsAddedReplacedAndRemovedInAnyList() async throws {
        for routes in ["[]", "[\(CaddyFixture.foreign)]", "[\(CaddyFixture.notFound)]", "null"] {
            try await CaddyFixture.with(routes: routes) { fixture in
                let before = try await fixture.current()
                let route = try fixture.route("alice")
                #expect(try await fixture.converge([route]) == 1)
                #expect(try await fixture.client.find(route.id)?.route == route.json)
                let moved = try fixture.route("alice", port: 19_100)
                #expect(try await fixture.converge([moved]) == 1)
                let found = try #require(try await fixture.client.find(route.id))
                #expect(found.route == moved.json)
                #expect(found.path.hasPrefix("/config/apps/http/servers/main/routes/"))
                #expect(try await fixture.converge([], unwanted: [route.id]) == 1)
                #expect(try await fixture.client.find(route.id) == nil)
                #expect(try await fixture.current() == before)
            }
        }
    }

    @Test func anEditBetweenReadAndWriteIsSeenAndKept() async throws {
        try await CaddyFixture.with { fixture in
            let rounds = try await fixture.converge([fixture.route("alice")]) { round in
                if round == 1 { try await fixture.meddle("PUT", "routes/0", #"{"@id":"theirs","handle":[]}"#) }
            }
            #expect(rounds == 2)
            #expect(try await fixture.ids() == ["theirs", nil, "pa_alice", nil])
        }
    }

    @Test func whoIsAlwaysTooLateGivesUp() async throws {
        try await CaddyFixture.with { fixture in
            let error = try await CaddyFixture.failure {
                try await fixture.converge([fixture.route("alice")]) { round in
                    try await fixture.meddle("PUT", "routes/0", #"{"@id":"theirs\#(round)","handle":[]}"#)
                }
            }
            #expect(error.kind == .changedMeanwhile)
            #expect(error.description.contains("server main (add pa_alice)"))
            #expect(try await fixture.ids() == ["theirs3", "theirs2", "theirs1", nil, nil])
        }
    }

    @Test func manyWritersLoseNothing() async throws {
        try await CaddyFixture.with { fixture in
            let names = (0..<6).map { "n\($0)" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in names {
                    group.addTask { try await fixture.converge([fixture.route(name)], rounds: names.count) }
                }
                try await group.waitForAll()
            }
            let ids = try await fixture.ids()
            #expect(ids.compactMap(\.self).sorted() == names.map { "pa_\($0)" })
            #expect(ids.first == .some(nil) && ids.last == .some(nil))
        }
    }

    @Test func duplicatesAndDriftAreRepairedInOneWrite() async throws {
        try await CaddyFixture.with { fixture in
            let routes = try [fixture.route("alice"), fixture.route("bob")]
            try await fixture.converge(routes)
            let copy = try String(decoding: encoded(fixture.route("alice", port: 1).json), as: UTF8.self)
            try await fixture.meddle("POST", "routes", copy)
            try await fixture.meddle("PUT", "routes/0", copy)
            try await fixture.meddle("DELETE", "routes/3", "")
            #expect(try await fixture.ids() == ["pa_alice", nil, "pa_alice", nil, "pa_alice"])
            #expect(try await fixture.converge(routes) == 1)
            #expect(try await fixture.ids() == ["pa_alice", nil, "pa_bob", nil])
            #expect(try await fixture.get("alice.team.example.com").status == 200)
            #expect(try await fixture.converge(routes) == 0)
        }
    }

    @Test func aBadFragmentIsRefusedAndTheOldConfigurationStays() async throws {
        try await CaddyFixture.with { fixture in
            try await fixture.converge([fixture.route("alice")])
            let list = try await fixture.client.routes()
            let plan = try RoutePlan(
                wanted: [fixture.route("bob"), fixture.route("carol")], current: list.array)
            var change = try #require(plan.change)
            change.array = Array(#"[{"handle":[{"handler":"no_such_thing"}]}]"#.utf8)
            let error = try await CaddyFixture.failure { try await fixture.client.apply(change, to: list) }
            #expect(error.kind == .refused)
            #expect(error.isTerminal && error.isSurelyUnchanged)
            #expect(error.description.contains("no_such_thing"))
            #expect(try await fixture.client.routes() == list)
            #expect(try await fixture.get("alice.team.example.com").status == 200)
        }
    }

    @Test func lostConfigurationIsPutBack() async throws {
        try await CaddyFixture.with { fixture in
            try await fixture.converge([fixture.route("alice")])
            await fixture.caddy.kill()
            let error = try await CaddyFixture.failure { try await fixture.client.routes() }
            #expect(error.kind == .unavailable)
            try await fixture.caddy.start()
            #expect(try await fixture.ids() == [nil, nil])
            #expect(try await fixture.converge([fixture.route("alice")]) == 1)
            #expect(try await fixture.get("alice.team.example.com").status == 200)
        }
    }
}
