import Foundation
import Postgres
import Support
import Testing

@testable import Operator

/// Droplets and PAs as operators see them.
@Suite struct DropletVerbTests {
    @Test func dropletsAreListedAndShown() async throws {
        try await Office.open { office in
            #expect(
                try await office.read { try await $0.listDroplets(team: nil, draining: false, limit: 10) }.text
                    == "none\n")
            try await office.rentDroplets()
            let (exit, text) = try await office.read {
                try await $0.listDroplets(team: nil, draining: false, limit: 10)
            }
            let lines = text.split(separator: "\n")
            #expect(exit == .ok && lines.count == 3)
            #expect(
                lines[0].hasPrefix("NAME         ADDRESS       DOMAIN            TEAMS  PAS  MOST  SERVICES  DRAINING"))
            #expect(lines[1].hasPrefix("fleet-alpha  203.0.113.10  team.example.com  alpha    1     8         1  no"))
            let (_, list) = try await office.ask { try await $0.listDroplets(team: "beta", draining: false, limit: 10) }
            #expect(list.items.map { $0["name"].text } == ["fleet-beta"])
            #expect(list.items[0]["teams"] == .array([]) && list.items[0]["status"].text == "unknown")
            let (_, shown) = try await office.ask { try await $0.showDroplet("fleet-alpha") }
            #expect(shown["pas"].items.map { $0["name"].text } == ["ada"])
            #expect(shown["services"].items.map { $0["host"].text } == ["crm-alpha"])
            let page = try await office.read { try await $0.showDroplet("fleet-alpha") }.text
            #expect(page.contains("\nPAS\n") && page.contains("ada   alpha  19100  running  provisioning"))
            #expect(page.contains("\nSERVICES\n") && page.contains("twenty-alpha-server"))
        }
    }

    @Test func drainingIsAllOrNothingAndMovesNothing() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let unknown = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.drainDroplets(["fleet-alpha", "fleet-bet"]) }
            }
            #expect(unknown?.exit == .unknown && unknown?.message.contains("did you mean fleet-beta?") == true)
            func draining() async throws -> [String?] {
                try await office.ask { try await $0.listDroplets(team: nil, draining: true, limit: 10) }.document.items
                    .map { $0["name"].text }
            }
            #expect(try await draining().isEmpty)
            let drained = try await office.read { try await $0.drainDroplets(["fleet-beta", "fleet-alpha"]) }
            #expect(
                drained.text == """
                    droplet fleet-alpha takes no new PAs and services; 1 PAs and 1 services stay on it
                    droplet fleet-beta takes no new PAs and services; 1 PAs and 0 services stay on it

                    """)
            #expect(try await draining() == ["fleet-alpha", "fleet-beta"])
            let refused = await #expect(throws: PostgresError.self) {
                try await office.operators.query("insert into converged.pas (name, team) values ('eve', 'beta')")
            }
            #expect(refused?.sqlState == "CV503")
            let back = try await office.ask { try await $0.undrainDroplets(["fleet-beta"]) }
            #expect(back.document.items[0]["message"].text == "droplet fleet-beta takes PAs and services again")
            #expect(try await draining() == ["fleet-alpha"])
            try await office.operators.query("insert into converged.pas (name, team) values ('eve', 'beta')")
        }
    }

    @Test func pasAreListedByTeamDropletAndStatus() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            func names(_ filter: PAFilter) async throws -> [String?] {
                try await office.ask { try await $0.listPAs(filter, limit: 10) }.document.items.map { $0["name"].text }
            }
            #expect(try await names(PAFilter()) == ["ada", "bob"])
            #expect(try await names(PAFilter(team: "alpha")) == ["ada"])
            #expect(try await names(PAFilter(droplet: "fleet-beta")) == ["bob"])
            #expect(try await names(PAFilter(status: "running")) == [])
            let text = try await office.read { try await $0.listPAs(PAFilter(team: "alpha"), limit: 10) }.text
            #expect(text.contains("NAME  TEAM   DROPLET       PORT  DESIRED  STATUS        GEN  SEEN"))
            #expect(text.contains("ada   alpha  fleet-alpha  19100  running  provisioning    1     0"))
            #expect(text.hasSuffix("no live daemon serves droplet fleet-alpha: nothing acts on its PAs\n"))
            try await office.register(kinds: ["pa@fleet-alpha", "pa@fleet-beta"])
            #expect(
                try await !office.read { try await $0.listPAs(PAFilter(), limit: 10) }.text.contains("no live daemon"))
            for filter in [PAFilter(team: "alpa"), PAFilter(droplet: "fleet-alfa")] {
                let unknown = await #expect(throws: VerbError.self) {
                    try await office.read { try await $0.listPAs(filter, limit: 10) }
                }
                #expect(unknown?.exit == .unknown && unknown?.message.contains("did you mean") == true)
            }
        }
    }

    @Test func aPAIsShownWithItsChecklistAndWithoutSecrets() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let container = String(repeating: "ab", count: 32)
            try await office.daemon.batch([
                "update converged.pas set gateway_token = 'k1:sealed' where name = 'ada'",
                """
                insert into converged.containers (kind, key, droplet, container_id)
                select 'pa', id::text, droplet, \(container) from converged.pas where name = 'ada'
                """,
                """
                insert into converged.checklist_runs (container_id, step, pa, checklist, input_hash, state, attempts, exit_code)
                select \(container), 'chromium', id, 'openclaw', 'h', 'failed', 3, 100 from converged.pas where name = 'ada'
                """,
            ])
            let (_, ada) = try await office.ask { try await $0.showPA("ada") }
            #expect(ada["host"].text == "ada.team.example.com" && ada["checklist"].text == "openclaw")
            #expect(ada["config_names"].items.map(\.text) == ["private"])
            #expect(
                ada["steps"].items.map { "\($0["name"].line) \($0["state"].line)" } == [
                    "apt-index owed", "chromium failed", "mcporter owed", "mcporter-config owed", "gateway owed",
                    "gateway-token owed",
                ])
            let text = try await office.read { try await $0.showPA("pa-ada") }.text
            #expect(text.contains("CHECKLIST") && text.contains("failed         3   100"))
            for secret in ["sealed", "hunter2", "gateway_token"] { #expect(!"\(ada)\(text)".contains(secret)) }
            let unknown = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.showPA("adda") }
            }
            #expect(unknown?.exit == .unknown && unknown?.message.contains("did you mean ada?") == true)
        }
    }
}

extension Office {
    /// fleet-alpha is alpha's own and has its CRM and ada; fleet-beta is for everybody else and has beta's bob.
    func rentDroplets() async throws {
        try await operators.batch([
            "insert into converged.teams (name) values ('alpha'), ('beta')",
            """
            insert into converged.droplets (name, address, domain, served_by) values
                ('fleet-alpha', '203.0.113.10', 'team.example.com', 'host-1'), ('fleet-beta', '203.0.113.11', 'beta.example.com', 'host-2')
            """,
            "insert into converged.team_droplets (team, droplet) values ('alpha', 'fleet-alpha')",
            """
            insert into converged.pas (name, team, config) values
                ('ada', 'alpha', '{"private": "hunter2"}'), ('bob', 'beta', '{}')
            """,
            """
            insert into converged.services (name, droplet, team, image, port, container_port, host)
            values ('twenty-alpha-server', 'fleet-alpha', 'alpha', 'twentycrm/twenty:v2.38.1', 3100, 3000, 'crm-alpha')
            """,
        ])
    }
}
