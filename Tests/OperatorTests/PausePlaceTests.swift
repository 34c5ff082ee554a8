import Postgres
import Support
import Testing

@testable import Operator

/// pause and resume of kinds that carry a droplet.
@Suite struct PausePlaceTests {
    @Test func onePAIsPausedWhereItLives() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let ada = try await office.id(of: "ada", in: "pas")
            let worker = try await office.register(kinds: ["pa@fleet-alpha"])
            let said = try await office.read { try await $0.pause("pa/ada", reason: "debugging") }
            #expect(said.text.hasPrefix("paused pa@fleet-alpha/\(ada); 0 running"))
            await #expect(throws: NothingDue.self) { try await office.lease("pa@fleet-alpha", worker: worker) }
            let why = try await office.read { try await $0.explain("pa/ada") }.text
            #expect(why.contains("who paused pa/\(ada) (debugging): `converged resume pa/\(ada)`"))
            #expect(try await office.read { try await $0.resume("pa/ada") }.exit == .ok)
            try await office.lease("pa@fleet-alpha", worker: worker)
        }
    }

    @Test(arguments: ["pa", "pas"]) func aFamilyIsPausedOnEveryDroplet(word: String) async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let worker = try await office.register(kinds: ["pa@fleet-alpha", "pa@fleet-beta", "service@fleet-alpha"])
            let said = try await office.read { try await $0.pause(word, reason: "incident") }
            #expect(said.text == "paused pa; 0 running now will end normally\n")
            for droplet in ["fleet-alpha", "fleet-beta"] {
                await #expect(throws: NothingDue.self) { try await office.lease("pa@\(droplet)", worker: worker) }
            }
            try await office.lease("service@fleet-alpha", worker: worker)
            // A droplet that comes later is held as well.
            try await office.operators.batch([
                """
                insert into converged.droplets (name, address, domain, served_by)
                values ('fleet-new', '203.0.113.12', 'new.example.com', 'host-3')
                """,
                "insert into converged.team_droplets (team, droplet) values ('beta', 'fleet-new')",
                "insert into converged.pas (name, team, droplet) values ('eve', 'beta', 'fleet-new')",
            ])
            await #expect(throws: NothingDue.self) { try await office.lease("pa@fleet-new", worker: worker) }
            let why = try await office.read { try await $0.explain("pa/eve") }.text
            #expect(why.contains("who paused pa (incident): `converged resume pa`"))
            let ada = try await office.id(of: "ada", in: "pas")
            let job: String = try await office.operators.query(
                "select why from converged.job_list where kind = 'pa@fleet-alpha' and key = \(ada)"
            ).scalar()
            #expect(job.hasPrefix("kind pa paused by"))
            #expect(try await office.read { try await $0.resume(word) }.text == "resumed pa\n")
            for droplet in ["fleet-alpha", "fleet-beta", "fleet-new"] {
                try await office.lease("pa@\(droplet)", worker: worker)
            }
        }
    }

    @Test func oneDropletsPAsAreNamedWithIt() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let worker = try await office.register(kinds: ["pa@fleet-alpha", "pa@fleet-beta"])
            #expect(try await office.read { try await $0.pause("pa@fleet-alpha", reason: "") }.exit == .ok)
            await #expect(throws: NothingDue.self) { try await office.lease("pa@fleet-alpha", worker: worker) }
            try await office.lease("pa@fleet-beta", worker: worker)
            let error = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.pause("pa@fleet-alfa", reason: "") }
            }
            #expect(error?.exit == .unknown && error?.message.contains("did you mean pa@fleet-alpha?") == true)
        }
    }
}
