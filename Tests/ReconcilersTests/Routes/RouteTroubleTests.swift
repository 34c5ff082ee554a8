import Foundation
import Outbound
import Postgres
import Queue
import Support
import Testing
import Vendors

@testable import Reconcilers

/// What is said when Caddy can't have its routes, and that nothing else happens then.
@Suite struct RouteTroubleTests {
    @Test func withoutACaddyOfOursNothingIsDone() async throws {
        try await RouteStage.with { stage in
            try await stage.place("ada")
            try await stage.database.batch([
                "delete from converged.wakes", "update converged.droplets set caddy_admin = null",
            ])
            #expect(try await stage.wakes() == 1)
            #expect(try await stage.run().outcome == .settled(next: nil))
            #expect(try await stage.condition() == "Unknown/NoCaddy")
            #expect(try await stage.get("ada.team.example.com").status == 404)
            try await stage.database.query("delete from converged.pas")
            try await stage.database.query("delete from converged.droplets")
            #expect(try await stage.run().outcome == .settled(next: nil))
        }
    }

    @Test func aServerThatIsNotThereIsNamed() async throws {
        try await RouteStage.with { stage in
            try await stage.place("ada")
            try await stage.database.query("update converged.droplets set caddy_server = 'srv7'")
            try await stage.run()
            #expect(try await stage.condition() == "False/RoutesRefused")
            #expect(try await stage.message().contains("srv7"))
        }
    }

    @Test func anAnswerThatIsNotCaddysChangesNothing() async throws {
        try await RouteStage.with { stage in
            try await stage.place("ada")
            try await stage.run()
            // The upstream echoes whatever it is asked.
            try await stage.database.query(
                "update converged.droplets set caddy_admin = \("http://127.0.0.1:\(stage.upstream.port)")")
            try await stage.database.query("update converged.pas set deleted_at = converged.now()")
            try await stage.run()
            #expect(try await stage.condition() == "False/CaddyUnreachable")
            #expect(try await stage.remembered() == 1)
            #expect(try await stage.get("ada.team.example.com").status == 200)
        }
    }

    @Test func editorsAtTheSameTimeLoseNothing() async throws {
        try await RouteStage.with { stage in
            for number in 1...5 { try await stage.place("pa\(number)", port: 1029 + number) }
            async let edits: Void = edit(stage)
            for _ in 0..<10 { try await stage.run() }
            try await edits
            try await stage.run()
            #expect(try await stage.condition() == "True/RoutesCurrent")
            let client = CaddyClient(
                outbound: stage.outbound,
                settings: CaddySettings(
                    admin: .unixSocket(stage.caddy.adminSocket), server: CaddyServer(name: try CaddyName("main"))))
            let text = String(decoding: try await client.routes().array, as: UTF8.self)
            for number in 0..<20 { #expect(text.contains("their\(number).example.com")) }
            for number in 1...5 { #expect(text.contains("pa\(number).team.example.com")) }
        }
    }

    private func edit(_ stage: RouteStage) async throws {
        for number in 0..<20 {
            try await stage.meddle(
                "POST", "routes", #"{"match":[{"host":["their\#(number).example.com"]}],"handle":[]}"#)
        }
    }

    @Test func rowsAreCheckedBeforeTheyReachCaddy() async throws {
        let names = [
            DesiredRoutes.Name(id: "pa_1", object: "pa a", label: "a", port: 1, listens: "127.0.0.1"),
            DesiredRoutes.Name(id: "pa_2", object: "pa {env.HOME}", label: "{env.HOME}", port: 2, listens: "127.0.0.1"),
            DesiredRoutes.Name(id: "pa_3", object: "pa c", label: "c", port: 0, listens: "127.0.0.1"),
        ]
        var desired = DesiredRoutes(
            droplet: "one", domain: "team.example.com", generation: 1, caddy: nil, names: names)
        #expect(desired.wanted.map(\.host.text) == ["a.team.example.com"])
        #expect(desired.faults.count == 2)
        for id in ["pa_1", "pa_2", "pa_9"] {
            desired.remembered[try CaddyName(id)] = .init(host: "x.example.com", port: 1)
        }
        // What a faulty row had stays, what no row has goes.
        #expect(desired.unwanted.map(\.text) == ["pa_9"])
        #expect(desired.news.map(\.id.text) == ["pa_1"])
    }
}
