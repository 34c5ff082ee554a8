import Foundation
import Postgres
import Support
import Testing

/// Rows of droplets, teams, PAs and services: names, generations, tombstones, events.
@Suite struct DropletRowTests {
    @Test func badNamesAreRefused() async throws {
        try await Fleet.open { fleet in
            for name in [
                "Ada", "a_b", "-a", "a-", "", "ada.b", "{name}", "a b", "crm-alpha", "relay",
                String(repeating: "a", count: 64),
            ] {
                let refused = await fleet.refusal(
                    fleet.web, "insert into converged.pas (name, team) values (\(name), 'alpha')")
                #expect(refused?.sqlState == "23514", "\(name)")
            }
        }
    }

    @Test func badRowsAreRefused() async throws {
        try await Fleet.open { fleet in
            for text in [
                "insert into converged.teams (name) values ('\(String(repeating: "a", count: 60))')",
                "insert into converged.teams (name) values ('a.b')",
                "insert into converged.droplets (name, address, domain, served_by) values ('x', '203.0.113.0/24', 'a.com', 'h')",
                "insert into converged.droplets (name, address, domain, served_by) values ('x', '2001:db8::1', 'a.com', 'h')",
                "insert into converged.droplets (name, address, domain, served_by) values ('x', '203.0.113.9', 'a..com', 'h')",
                "insert into converged.droplets (name, address, domain) values ('x', '203.0.113.9', 'a.com')",
                "insert into converged.droplets (name, address, domain, endpoint) values ('x', '203.0.113.9', 'a.com', 'http://x')",
                "insert into converged.services (name, droplet, image) values ('pa-ada', 'one', 'x:1')",
                "insert into converged.services (name, droplet, image, mounts) values ('x', 'one', 'x:1', '{a:b}')",
                "insert into converged.services (name, droplet, image, mounts) values ('x', 'one', 'x:1', '{a:/b:rw}')",
                "insert into converged.services (name, droplet, image, mounts) values ('x', 'one', 'x:1', '{null}')",
                "insert into converged.services (name, droplet, image, port) values ('x', 'one', 'x:1', 80)",
                "insert into converged.services (name, droplet, image, host) values ('x', 'one', 'x:1', 'crm-alpha')",
                """
                insert into converged.services (name, droplet, team, image, port, container_port, host)
                values ('x', 'one', 'beta', 'x:1', 80, 80, 'crm-alpha')
                """,
            ] {
                #expect(await fleet.refusal(fleet.operators, "\(raw: text)")?.sqlState == "23514", "\(text)")
            }
        }
    }

    @Test func whatIsNotThereIsNamed() async throws {
        try await Fleet.open { fleet in
            let team = await fleet.refusal(fleet.web, "insert into converged.pas (name, team) values ('ada', 'delta')")
            #expect(team?.sqlState == "23503" && team?.message == "pa ada: there is no team delta")
            let droplet = await fleet.refusal(
                fleet.web, "insert into converged.pas (name, team, droplet) values ('ada', 'alpha', 'six')")
            #expect(droplet?.sqlState == "23503" && droplet?.message == "pa ada: there is no droplet six")
        }
    }

    /// The kinds woken carry the droplet: only a daemon that serves it does its work.
    @Test func aDesiredChangeBumpsTheGenerationAndIsRemembered() async throws {
        try await Fleet.open { fleet in
            try await fleet.place("ada")
            let row: SQL = "select generation::int from converged.pas where name = 'ada'"
            try await fleet.daemon.query("update converged.pas set status = 'running', gateway_token = 'k1:sealed'")
            #expect(try await fleet.owner.query(row).scalar() == 1, "status is no wish")
            try await fleet.web.query("update converged.pas set image = 'example/a:2', config = '{\"secret\": 1}'")
            try await fleet.web.query("update converged.pas set image = 'example/a:2'")
            #expect(try await fleet.owner.query(row).scalar() == 2)
            try await fleet.operators.query("update converged.droplets set address = '203.0.113.9' where name = 'one'")
            let events: [String] = try await fleet.owner.query(
                "select kind || ' ' || reason || ' ' || message from converged.events where reason = 'Changed' order by id"
            ).column(0)
            #expect(
                events == ["pa Changed generation 2: config, image", "droplet Changed generation 2: address"])
            let woken: [String] = try await fleet.owner.query("select distinct kind from converged.wakes").column(0)
            #expect(Set(woken).isSuperset(of: ["pa@one", "routes@one", "survey@one"]))
        }
    }

    @Test func tombstonesAreFinalAndDropletsGoEmpty() async throws {
        try await Fleet.open { fleet in
            try await fleet.place("ada", droplet: "one")
            let early = await fleet.refusal(
                fleet.operators, "update converged.droplets set deleted_at = now() where name = 'one'")
            #expect(early?.sqlState == "23514" && early?.message == "droplet one still holds 1 PAs and 0 services")
            try await fleet.web.query("update converged.pas set deleted_at = now()")
            #expect(
                await fleet.refusal(fleet.web, "update converged.pas set deleted_at = null")?.message
                    == "pa ada: a deletion is final")
            try await fleet.daemon.query("delete from converged.pas")
            try await fleet.operators.query("update converged.droplets set deleted_at = now() where name = 'one'")
            #expect(try await fleet.place("bob").droplet == "two")
            #expect(
                await fleet.refusal(
                    fleet.web, "insert into converged.pas (name, team, droplet) values ('cid', 'alpha', 'one')")?
                    .message
                    .contains("one is being deleted") == true)
        }
    }

    /// The CRM of a team and the server beside it, as they run today.
    @Test func aTeamsCRMAndTheToolServerFitIntoRows() async throws {
        try await Fleet.open { fleet in
            try await fleet.operators.query(
                """
                insert into converged.services (name, droplet, team, image, command, env, env_file, network, alias, mounts, address,
                    port, container_port, health_path, health_command, needs, host) values
                    ('twenty-alpha-db', 'one', 'alpha', 'postgres:16', null, '{}', '/opt/twenty/.env', 'twenty-alpha', 'db',
                        '{twenty-alpha-db:/var/lib/postgresql/data}', '127.0.0.1', null, null, null,
                        '{pg_isready,-U,postgres,-h,localhost,-d,postgres}', '{}', null),
                    ('twenty-alpha-redis', 'one', 'alpha', 'redis:7', '{--maxmemory-policy,noeviction}', '{}', null,
                        'twenty-alpha', 'redis', '{}', '127.0.0.1', null, null, null, '{redis-cli,ping}', '{}', null),
                    ('twenty-alpha-server', 'one', 'alpha', 'twentycrm/twenty:v2.38.1', null,
                        '{"SERVER_URL": "https://crm-alpha.team.example.com"}', '/opt/twenty/.env', 'twenty-alpha', 'server',
                        '{twenty-alpha-files:/app/packages/twenty-server/.local-storage}', '127.0.0.1', 3100, 3000, '/healthz',
                        null, '{twenty-alpha-db,twenty-alpha-redis}', 'crm-alpha'),
                    ('twenty-alpha-worker', 'one', 'alpha', 'twentycrm/twenty:v2.38.1', '{yarn,worker:prod}',
                        '{"DISABLE_DB_MIGRATIONS": "true"}', '/opt/twenty/.env', 'twenty-alpha', null,
                        '{twenty-alpha-files:/app/packages/twenty-server/.local-storage}', '127.0.0.1', null, null, null, null,
                        '{twenty-alpha-server}', null),
                    ('tez-mcp', 'one', null, 'tezit/tez-mcp:1', null, '{}', '/opt/tez/.env', 'bridge', null, '{}', '127.0.0.1',
                        8100, 8100, null, null, '{}', null)
                """)
            #expect(try await fleet.web.query("select from converged.services").count == 5)
            let taken = await fleet.refusal(
                fleet.operators,
                """
                insert into converged.services (name, droplet, team, image, port, container_port, host)
                values ('other-crm', 'two', 'alpha', 'x:1', 3100, 3000, 'crm-alpha')
                """)
            #expect(taken?.sqlState == "23505" && taken?.message.contains("crm-alpha.team.example.com") == true)
        }
    }
}
