import Foundation
import Postgres
import Support
import Testing

@testable import Queue

/// What operators do with schedules, in plain SQL and through functions, as the role that they have.
@Suite struct ScheduleEditTests {
    func edit(_ queue: QueueBench, role: String = "converged_operator", _ sql: SQL) async throws -> Rows {
        let database = queue.test.open(role: role)
        defer { Task { await database.close(grace: .zero) } }
        return try await database.query(sql)
    }

    func refusal(_ queue: QueueBench, role: String = "converged_operator", _ sql: SQL) async throws -> PostgresError {
        try await #require(throws: PostgresError.self, "\(sql)") { try await edit(queue, role: role, sql) }
    }

    @Test func anEditMovesTheNextTick() async throws {
        try await QueueBench.with { queue in
            try await queue.setClock("2026-11-21 08:00:00")
            try await queue.schedule("s", "spec", "'@daily'")
            func next() async throws -> String { try await queue.schedule("s", "next_at at time zone 'UTC'") }
            #expect(try await next() == "2026-11-22 00:00:00")
            _ = try await edit(queue, "update converged.schedules set spec = '30 9 * * *'")
            #expect(try await next() == "2026-11-21 09:30:00")
            _ = try await edit(queue, "update converged.schedules set zone = 'europe/berlin'")
            #expect(try await next() == "2026-11-21 08:30:00")
            #expect(try await queue.schedule("s", "zone") == "Europe/Berlin")
            _ = try await edit(queue, "update converged.schedules set comment = 'nightly', args = '{}'")
            #expect(try await next() == "2026-11-21 08:30:00", "other columns leave it")
            _ = try await edit(queue, "update converged.schedules set next_at = '2026-11-21 08:10+00'")
            try await queue.setClock("2026-11-21 08:10:01")
            #expect(try await queue.tick() == 1)
            #expect(try await next() == "2026-11-21 08:30:00")
            _ = try await edit(queue, "delete from converged.schedules")
            try await queue.setClock("2026-11-21 08:30:01")
            #expect(try await queue.tick() == 0)
        }
    }

    @Test func badRowsAreRefusedWithAHint() async throws {
        try await QueueBench.with { queue in
            let zone = try await refusal(
                queue, "insert into converged.schedules (name, kind, spec, zone) values ('s', 'k', '@daily', 'Berlin')")
            #expect(zone.sqlState == "22023" && zone.message.contains("\"Berlin\"; did you mean Europe/Berlin?"))
            let known = try await refusal(
                queue, "insert into converged.schedules (name, kind, spec, zone) values ('s', 'k', '@daily', 'UTC+3')")
            #expect(known.sqlState == "22023" && known.hint?.contains("pg_timezone_names") == true)
            let args = try await refusal(
                queue, "insert into converged.schedules (name, kind, spec, args) values ('s', 'k', '@daily', '[1]')")
            #expect(args.sqlState == "22023")
            try await queue.schedule("s", "spec", "'@daily'")
            let all = try await refusal(queue, "update converged.schedules set catch_up = 'all'")
            #expect(all.sqlState == "22023" && all.hint?.contains("overlap allow") == true)
            for values in [
                "name = 'a b'", "kind = ''", "catch_up = 'some'", "catch_up_most = 0", "catch_up_most = 1001",
                "overlap = 'queue'", "next_at = 'infinity'",
            ] {
                let error = try await refusal(queue, "update converged.schedules set \(raw: values)")
                #expect(error.sqlState == "23514", "\(values): \(error)")
            }
            _ = try await edit(queue, "update converged.schedules set catch_up = 'all', overlap = 'allow'")
            #expect(try await refusal(queue, "update converged.schedules set spec = '0 0 31 2 *'").sqlState == "22023")
        }
    }

    @Test func aPausedScheduleMakesUpForWhatItMissed() async throws {
        try await QueueBench.with { queue in
            try await queue.setClock("2026-11-21 08:00:30")
            try await queue.schedule("s", "spec", "'* * * * *'")
            func ask(_ sql: SQL) async throws -> String { try await edit(queue, sql).scalar() }
            #expect(try await ask("select converged.schedule_pause('s')") == "paused schedule s")
            #expect(try await ask("select converged.schedule_pause('s')") == "schedule s is paused already")
            try await queue.setClock("2026-11-21 08:05:30")
            #expect(try await queue.tick() == 0)
            #expect(
                try await ask("select converged.schedule_resume('s')")
                    == "resumed schedule s; of the ticks that it missed since 2026-11-21 08:01:00 it makes up for one")
            #expect(try await ask("select converged.schedule_resume('s')") == "schedule s is not paused")
            #expect(try await queue.tick() == 1)
            #expect(try await queue.takeJobs() == ["2026-11-21 08:05:00"])
            for function in ["pause", "resume", "run"] {
                let error = try await refusal(queue, "select converged.schedule_\(raw: function)('other')")
                #expect(error.sqlState == QueueSQLState.notFound)
            }
        }
    }

    @Test func aRunByHandLeavesTheNextTick() async throws {
        try await QueueBench.with { queue in
            try await queue.schedule("s", "spec, is_paused", "'@daily', true")
            let next = try await queue.schedule("s", "next_at")
            let text: String = try await edit(queue, "select converged.schedule_run('s')").scalar()
            let job: Int64 = try await queue.scalar(
                "select id from converged.jobs where kind = 'k' and state = 'ready'")
            #expect(text == "schedule s made job \(job)")
            #expect(try await queue.schedule("s", "next_at") == next)
            #expect(try await refusal(queue, "select converged.schedule_run('s')").sqlState == QueueSQLState.conflict)
        }
    }

    /// A zone that the server does not know any more, as after an update of its data.
    @Test func oneBrokenScheduleHoldsUpNoOther() async throws {
        try await QueueBench.with { queue in
            try await queue.setClock("2026-11-21 08:00:30")
            try await queue.schedule("broken", "spec", "'* * * * *'")
            try await queue.schedule("sound", "spec", "'* * * * *'")
            try await queue.admin.script(
                """
                alter table converged.schedules disable trigger check_schedule;
                update converged.schedules set zone = 'Mars/Olympus', next_at = next_at - interval '1 minute'
                where name = 'broken';
                """)
            try await queue.setClock("2026-11-21 08:01:30")
            #expect(try await queue.tick() == 1)
            #expect(try await queue.schedule("broken", "last_error").contains("Mars/Olympus"))
            #expect(try await queue.tick() == 0)
        }
    }

    @Test func theRolesHaveWhatTheyNeedAndNoMore() async throws {
        try await QueueBench.with { queue in
            try await queue.schedule("s", "spec", "'@daily'")
            let refused: [(String, SQL)] = [
                ("converged_operator", "update converged.schedules set last_job = 1"),
                ("converged_operator", "update converged.schedules set created_by = 'somebody'"),
                ("converged_operator", "select converged.tick_schedules()"),
                ("converged_operator", "select converged.schedule_job('k', '{}', null, now())"),
                ("converged_daemon", "update converged.schedules set next_at = now()"),
                ("converged_web", "insert into converged.schedules (name, kind, spec) values ('t', 'k', '@daily')"),
                ("converged_web", "select converged.schedule_run('s')"),
            ]
            for (role, sql) in refused {
                #expect(try await refusal(queue, role: role, sql).sqlState == "42501", "\(role): \(sql)")
            }
            let seen: [Int] = try await edit(
                queue, role: "converged_web", "select cardinality(next_ticks) from converged.schedule_list"
            ).column(0)
            #expect(seen == [3])
            #expect(try await queue.schedule("s", "created_by") == "converged_operator")
        }
    }
}
