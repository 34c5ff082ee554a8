import Foundation
import Postgres
import Support
import Testing

/// Who may touch which column, asked of Postgres itself.
@Suite struct RoleTests {
    private func machine(in database: Database) async throws -> UUID {
        let rows = try await database.query(
            """
            with person as (insert into converged.users (name) values ('Ada') returning id)
            insert into converged.machines (user_id, profile) select id, 'automna' from person returning id
            """)
        return try rows[0].decode(0, as: UUID.self)
    }

    private func refusal(_ database: Database, _ sql: SQL) async -> String? {
        do {
            try await database.query(sql)
            return nil
        } catch {
            return (error as? PostgresError)?.sqlState
        }
    }

    @Test func theWebAppWritesDesiredColumnsAndReadsStatus() async throws {
        let made = try await TestDatabase.make()
        let web = made.open(role: "converged_web")
        let id = try await machine(in: web)
        try await web.query("update converged.machines set image = 'example/image:1', region = 'ams' where id = \(id)")
        let rows = try await web.query(
            "select generation, status, gateway_url from converged.machines where id = \(id)")
        let (generation, status, url) = try rows[0].decode((Int, String, String?).self)
        #expect(generation == 2 && status == "provisioning" && url == nil)
        await web.close()
        try await made.drop()
    }

    @Test(arguments: [
        "update converged.machines set status = 'running'",
        "update converged.machines set gateway_url = 'https://elsewhere.example'",
        "update converged.machines set generation = 9",
        "update converged.machines set observed_generation = 9",
        "update converged.machines set fly_machine_id = 'x'",
        "insert into converged.machines (user_id, profile, status) select id, 'automna', 'running' from converged.users",
        "select gateway_token from converged.machines",
        "select * from converged.machines",
        "delete from converged.machines",
        "update converged.machine_profiles set image = 'x'",
        "insert into converged.conditions values ('machine', 'x', 'Ready', 'True', 'Running', '', 1, now())",
        "insert into converged.jobs (kind, queue, priority, run_at, rank, woken_at, created_at) values ('x','x',0,now(),now(),now(),now())",
        "select * from converged.jobs", "select * from converged.traces", "select converged.wake('machine', 'x')",
        "update converged.clock set shift = '1 hour'", "select converged.keep_partitions()",
    ])
    func theWebAppIsRefused(_ text: String) async throws {
        let made = try await TestDatabase.make()
        let web = made.open(role: "converged_web")
        _ = try await machine(in: web)
        #expect(await refusal(web, "\(raw: text)") == "42501")
        await web.close()
        try await made.drop()
    }

    @Test(arguments: [
        "update converged.machines set image = 'x'", "update converged.machines set deleted_at = now()",
        "insert into converged.machines (user_id, profile) select id, 'automna' from converged.users",
        "update converged.users set name = 'x'", "delete from converged.users", "truncate converged.events",
    ])
    func theDaemonNeverWritesDesiredState(_ text: String) async throws {
        let made = try await TestDatabase.make()
        let daemon = made.open(role: "converged_daemon")
        #expect(await refusal(daemon, "\(raw: text)") == "42501")
        await daemon.close()
        try await made.drop()
    }

    @Test func theOperatorReadsEverythingButTokens() async throws {
        let made = try await TestDatabase.make()
        let web = made.open(role: "converged_web")
        let id = try await machine(in: web)
        let ops = made.open(role: "converged_operator")
        #expect(await refusal(ops, "select gateway_token from converged.machines") == "42501")
        for table in [
            "users", "machine_profiles", "conditions", "events", "traces", "orphans", "jobs", "workers", "wakes",
        ] {
            #expect(await refusal(ops, "select count(*) from converged.\(raw: table)") == nil, "\(table)")
        }
        #expect(await refusal(ops, "select converged.wake('machine', \(id.uuidString))") == nil)
        await web.close()
        await ops.close()
        try await made.drop()
    }
}
