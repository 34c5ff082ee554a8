import Foundation
import Postgres
import Support
import Testing

/// Who may touch which column of droplets, teams, PAs, services and checklists.
@Suite struct DropletRoleTests {
    @Test func theWebAppIsRefused() async throws {
        try await Fleet.open { fleet in
            for text in [
                "update converged.pas set status = 'running'", "update converged.pas set generation = 9",
                "update converged.pas set gateway_token = 'x'", "update converged.pas set port = 1",
                "insert into converged.pas (name, team, port) values ('x', 'alpha', 19100)",
                "insert into converged.pas (name, team, status) values ('x', 'alpha', 'running')",
                "select gateway_token from converged.pas", "select * from converged.pas", "delete from converged.pas",
                "update converged.droplets set draining = true",
                "insert into converged.team_droplets values ('alpha', 'one')",
                "insert into converged.services (name, droplet, image) values ('x', 'one', 'x:1')",
                "update converged.services set image = 'x:2'", "update converged.teams set name = 'x'",
                "delete from converged.teams",
                "select * from converged.checklist_runs", "update converged.checklists set comment = 'x'",
                "update converged.checklist_steps set retries = 1",
            ] {
                #expect(await fleet.refusal(fleet.web, "\(raw: text)")?.sqlState == "42501", "\(text)")
            }
        }
    }

    @Test func theDaemonNeverWritesDesiredState() async throws {
        try await Fleet.open { fleet in
            for text in [
                "update converged.pas set image = 'x:2'", "update converged.pas set deleted_at = now()",
                "insert into converged.pas (name, team) values ('x', 'alpha')",
                "update converged.droplets set draining = true",
                "update converged.droplets set address = '203.0.113.9'", "update converged.services set image = 'x:2'",
                "insert into converged.teams (name) values ('x')", "update converged.checklist_steps set retries = 1",
                "delete from converged.checklists",
            ] {
                #expect(await fleet.refusal(fleet.daemon, "\(raw: text)")?.sqlState == "42501", "\(text)")
            }
        }
    }

    @Test func theOperatorIsRefused() async throws {
        try await Fleet.open { fleet in
            for text in [
                "select gateway_token from converged.pas", "select * from converged.pas",
                "update converged.pas set status = 'running'",
                "update converged.droplets set status = 'reachable'", "update converged.droplets set domain = 'x.com'",
                "update converged.services set status = 'running'", "delete from converged.pas",
                "delete from converged.droplets",
                "delete from converged.checklist_runs",
            ] {
                #expect(await fleet.refusal(fleet.operators, "\(raw: text)")?.sqlState == "42501", "\(text)")
            }
        }
    }

    @Test func eachDoesItsOwn() async throws {
        try await Fleet.open { fleet in
            try await fleet.web.query("insert into converged.teams (name) values ('delta')")
            try await fleet.place("ada")
            try await fleet.web.query(
                "update converged.pas set desired_state = 'stopped', restart_requested_at = now()")
            for table in ["droplets", "team_droplets", "services", "dns_wanted", "teams"] {
                #expect(
                    await fleet.refusal(fleet.web, "select count(*) from converged.\(raw: table)") == nil, "\(table)")
            }
            #expect(await fleet.refusal(fleet.web, "select * from converged.placements('alpha')") == nil)
            try await fleet.operators.query(
                "insert into converged.pas (name, team, droplet, port) values ('bob', 'beta', 'two', 18789)")
            try await fleet.operators.query("update converged.checklist_steps set retries = 1")
            try await fleet.daemon.query("update converged.pas set gateway_token = 'k1:sealed', status = 'running'")
            try await fleet.daemon.query("update converged.droplets set status = 'reachable'")
            #expect(try await fleet.daemon.query("select * from converged.pas").count == 2)
        }
    }
}
