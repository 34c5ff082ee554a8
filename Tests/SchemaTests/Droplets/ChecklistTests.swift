import Foundation
import Postgres
import Support
import Testing

/// Which steps a container is owed after a recreate.
@Suite struct ChecklistTests {
    @Test func theFleetsStandardIsThere() async throws {
        try await Fleet.open { fleet in
            let steps: [String] = try await fleet.operators.query(
                """
                select concat_ws(' ', name, kind, array_to_string(argv, ' '), path, owner_uid || ':' || owner_gid, mode, http_status)
                from converged.checklist_steps
                where checklist = converged.checklist_for('ghcr.io/openclaw/openclaw:2026.2.22') order by place
                """
            ).column(0)
            #expect(
                steps == [
                    "apt-index exec timeout --kill-after=10 270 apt-get update",
                    "chromium exec timeout --kill-after=10 870 env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium",
                    "mcporter exec timeout --kill-after=10 570 npm install -g mcporter",
                    "mcporter-config file /home/node/.mcporter/mcporter.json 1000:1000 0600",
                    "gateway http /healthz 200", "gateway-token http /tools/invoke 404",
                ])
            let servers: Bool = try await fleet.owner.query(
                "select content::jsonb ? 'mcpServers' from converged.checklist_steps where name = 'mcporter-config'"
            ).scalar()
            #expect(servers)
        }
    }

    @Test func thePatternThatSaysMostWins() async throws {
        try await Fleet.open { fleet in
            try await fleet.operators.query(
                """
                insert into converged.checklists (name, image_patterns) values
                    ('anything', '{*}'), ('march', '{ghcr.io/openclaw/openclaw:2026.3.*}'),
                    ('march-second', '{ghcr.io/openclaw/openclaw:2026.3.2}'), ('off', '{}'),
                    ('march-second-too', '{ghcr.io/openclaw/openclaw:2026.3.2*}'), ('odd', '{odd_image:1%,a\\\\b}'),
                    ('twin-b', '{twin:*}'), ('twin-a', '{twin:*}')
                """)
            let cases = [
                "ghcr.io/openclaw/openclaw:2026.2.22": "openclaw", "ghcr.io/openclaw/openclaw:2026.3.1": "march",
                "ghcr.io/openclaw/openclaw:2026.3.2": "march-second",
                "ghcr.io/openclaw/openclaw:2026.3.22": "march-second-too",
                "ghcr.io/openclaw/openclaw@sha256:0123": "openclaw", "ghcr.io/openclaw/openclaw-other:1": "anything",
                "odd_image:1%": "odd", "oddximage:1%": "anything", "odd_image:12": "anything", "a\\b": "odd",
                "twin:1": "twin-a",
            ]
            for (image, name) in cases {
                #expect(
                    try await fleet.operators.query("select converged.checklist_for(\(image))").scalar() == name,
                    "\(image)")
            }
            try await fleet.operators.query("delete from converged.checklists where name = 'anything'")
            let none: String? = try await fleet.operators.query("select converged.checklist_for('elsewhere:1')")
                .scalar()
            #expect(none == nil)
        }
    }

    @Test func stepsOfNoSenseAreRefused() async throws {
        try await Fleet.open { fleet in
            for columns in [
                "(name, kind) values ('x', 'exec')", "(name, kind, argv) values ('x', 'exec', '{}')",
                "(name, kind, argv) values ('x', 'shell', '{sh}')",
                "(name, kind, argv, path) values ('x', 'exec', '{true}', '/a')",
                "(name, kind, argv) values ('x', 'exec', '{true,null}')",
                "(name, kind, argv, retries) values ('x', 'exec', '{true}', -1)",
                "(name, kind, argv, timeout_s) values ('x', 'exec', '{true}', 0)",
                "(name, kind, path, content, owner_uid, owner_gid) values ('x', 'file', '/a/b', '', 0, 0)",
                "(name, kind, path, content, owner_uid, owner_gid, mode) values ('x', 'file', '/a/../b', '', 0, 0, '0600')",
                "(name, kind, path, content, owner_uid, owner_gid, mode) values ('x', 'file', 'a/b', '', 0, 0, '0600')",
                "(name, kind, path, content, owner_uid, owner_gid, mode) values ('x', 'file', '/a/b', '', 0, 0, '9')",
                "(name, kind, path) values ('x', 'http', '/healthz')",
                "(name, kind, path, http_status) values ('x', 'http', 'healthz', 200)",
                "(name, kind, path, http_status, content) values ('x', 'http', '/healthz', 200, '{}')",
                "(name, kind, path, http_status, method) values ('x', 'http', '/healthz', 200, 'PUT')",
                "(name, kind, argv, check_argv) values ('x', 'exec', '{true}', '{}')",
                "(name, kind, argv, with_token) values ('x', 'exec', '{true}', true)",
                "(name, kind, path, content, owner_uid, owner_gid, mode) values ('x', 'file', '/a//b', '', 0, 0, '0600')",
            ] {
                let text = columns.replacing("(name", with: "(checklist, place, name").replacing(
                    "('x'", with: "('openclaw', 1, 'x'")
                let refused = await fleet.refusal(fleet.operators, "insert into converged.checklist_steps \(raw: text)")
                #expect(refused?.sqlState == "23514", "\(refused?.description ?? "taken")")
            }
        }
    }

    @Test func runsBelongToTheirPA() async throws {
        try await Fleet.open { fleet in
            try await fleet.place("ada")
            let container = String(repeating: "ab", count: 32)
            try await fleet.daemon.query(
                """
                insert into converged.checklist_runs (container_id, step, pa, checklist, input_hash, state)
                select \(container), 'chromium', id, 'openclaw', 'h1', 'running' from converged.pas
                """)
            #expect(
                await fleet.refusal(
                    fleet.daemon,
                    """
                    insert into converged.checklist_runs (container_id, step, pa, checklist, input_hash, state)
                    select \(container), 'chromium', id, 'openclaw', 'h1', 'running' from converged.pas
                    """)?.sqlState == "23505", "one row for each container and step")
            #expect(try await fleet.operators.query("select from converged.checklist_runs").count == 1)
            try await fleet.daemon.query("delete from converged.pas")
            #expect(try await fleet.operators.query("select from converged.checklist_runs").isEmpty)
        }
    }
}
