import Foundation
import Postgres
import Queue
import Support
import Testing
import Vendors

@testable import Reconcilers

/// Rows become routes of a real Caddy, judged by requests through it.
@Suite struct RouteTests {
    @Test func rowsBecomeRoutesAndGoWithThem() async throws {
        try await RouteStage.with { stage in
            try await stage.place("ada")
            try await stage.place("bob", port: 1029)
            try await stage.database.query("update converged.pas set desired_state = 'stopped' where name = 'bob'")
            try await stage.service("twenty", host: "crm-alpha", port: stage.upstream.port + 1)
            #expect(try await stage.wakes() > 0)
            let verdict = try await stage.run()
            #expect(verdict.outcome == .settled(next: .seconds(180)))
            #expect(try await stage.condition() == "True/RoutesCurrent")
            #expect(try await stage.get("ada.team.example.com").body.hasPrefix("port \(stage.upstream.port)"))
            // A name stays its owner's while that does not run.
            #expect(try await stage.get("bob.team.example.com").status == 502)
            #expect(try await stage.get("crm-alpha.team.example.com").status == 502)
            #expect(try await stage.get("eve.team.example.com").status == 404)
            #expect(try await stage.get("www.example.com").body == "foreign")

            let again = try await stage.run()
            #expect(again.log["changes"] == nil && again.log["routes"] == "3")

            try await stage.database.batch([
                "delete from converged.wakes",
                "update converged.pas set deleted_at = converged.now() where name = 'ada'",
            ])
            #expect(try await stage.wakes() == 1)
            try await stage.run()
            #expect(try await stage.get("ada.team.example.com").status == 404)
            #expect(try await stage.get("bob.team.example.com").status == 502)
            #expect(try await stage.get("www.example.com").body == "foreign")
            #expect(try await stage.remembered() == 2)
            // A released row whose route was still there.
            try await stage.database.query("delete from converged.pas")
            try await stage.run()
            #expect(try await stage.get("bob.team.example.com").status == 404)
            #expect(try await stage.remembered() == 1)
        }
    }

    @Test func aServiceCanHaveTheDomainItself() async throws {
        try await RouteStage.with(admin: .port) { stage in
            try await stage.service("site", host: "@", port: stage.upstream.port, listens: "0.0.0.0")
            try await stage.service("inner", host: nil, port: 8100)
            try await stage.run()
            #expect(try await stage.get("team.example.com").status == 200)
            #expect(try await stage.remembered() == 1)
        }
    }

    @Test func driftIsRepairedAndForeignRoutesStay() async throws {
        try await RouteStage.with { stage in
            for name in ["ada", "bob", "cleo"] {
                try await stage.place(name, port: name == "ada" ? nil : name.count + 1029)
            }
            try await stage.run()
            // Somebody removes the first of ours, changes the second, and adds one of his own.
            try await stage.meddle("DELETE", "routes/1")
            try await stage.meddle("PATCH", "routes/1/terminal", "false")
            try await stage.meddle(
                "PUT", "routes/0",
                #"{"match":[{"host":["late.example.com"]}],"handle":[{"handler":"static_response","body":"late"}]}"#)
            let verdict = try await stage.run()
            #expect(verdict.log["changes"]?.contains("add pa_") == true)
            #expect(verdict.log["changes"]?.contains("replace pa_") == true)
            #expect(try await stage.get("ada.team.example.com").status == 200)
            #expect(try await stage.get("late.example.com").body == "late")
            #expect(try await stage.get("www.example.com").body == "foreign")
            #expect(try await stage.run().log["changes"] == nil)
            let events: Int = try await stage.database.query(
                "select count(*) from converged.events where kind = 'droplet' and reason = 'RoutesChanged'"
            ).scalar()
            #expect(events == 2)
        }
    }

    @Test func aCaddyThatStartsAnewFromItsFileIsMadeWhole() async throws {
        try await RouteStage.with { stage in
            try await stage.place("ada")
            try await stage.run()
            await stage.caddy.kill()
            let verdict = try await stage.run()
            guard case .retry = verdict.outcome else { return #expect(Bool(false), "\(verdict.outcome)") }
            #expect(try await stage.condition() == "False/CaddyUnreachable")
            try await stage.caddy.start()
            #expect(try await stage.get("ada.team.example.com").status == 404)
            try await stage.run()
            #expect(try await stage.get("ada.team.example.com").status == 200)
            #expect(try await stage.condition() == "True/RoutesCurrent")
        }
    }

    @Test func aRouteOfSomebodyElseIsNeverTaken() async throws {
        let theirs =
            #"{"@id":"pa_ada","match":[{"host":["ada.team.example.com"]}],"handle":[{"handler":"static_response","body":"theirs"}]}"#
        try await RouteStage.with(routes: "[\(theirs),\(RouteStage.notFound)]") { stage in
            try await stage.place("ada")
            try await stage.place("bob", port: 1029)
            try await stage.service("wide", host: "wide", port: 3100, listens: "203.0.113.1")
            try await stage.run()
            #expect(try await stage.condition() == "False/RouteBlocked")
            let message = try await stage.message()
            #expect(message.contains("ada.team.example.com") && message.contains("listens on 203.0.113.1"))
            #expect(try await stage.get("ada.team.example.com").body == "theirs")
            #expect(try await stage.get("bob.team.example.com").status == 502)
            try await stage.meddle("DELETE", "routes/0")
            try await stage.database.query("update converged.services set address = '127.0.0.1'")
            try await stage.run()
            #expect(try await stage.condition() == "True/RoutesCurrent")
            #expect(try await stage.get("ada.team.example.com").status == 200)
        }
    }
}
