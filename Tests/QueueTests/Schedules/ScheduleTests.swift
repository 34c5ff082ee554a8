import Foundation
import Postgres
import Support
import Testing

@testable import Queue

extension QueueBench {
    /// Writes a schedule as an operator does.
    func schedule(_ name: String, _ columns: String, _ values: String) async throws {
        let operators = test.open(role: "converged_operator")
        defer { Task { await operators.close(grace: .zero) } }
        try await operators.query(
            "insert into converged.schedules (name, kind, \(raw: columns)) values (\(name), 'k', \(raw: values))")
    }

    /// Lets a daemon look; the number of jobs made.
    @discardableResult func tick() async throws -> Int {
        try await daemon.query("select from converged.tick_schedules() where job is not null").count
    }

    func schedule(_ name: String, _ columns: String) async throws -> String {
        try await admin.query("select concat_ws(' ', \(raw: columns)) from converged.schedules where name = \(name)")
            .scalar()
    }

    /// Sets `converged.now()` to that time; it goes on from there.
    func setClock(_ time: String) async throws {
        try await admin.query(
            "update converged.clock set shift = (\(time) || '+00')::timestamptz - statement_timestamp()")
    }

    /// The times of the jobs that wait, in UTC, and removes these.
    func takeJobs() async throws -> [String] {
        try await admin.query(
            """
            with gone as (delete from converged.jobs returning run_at)
            select to_char(run_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') from gone order by run_at
            """
        ).column(0)
    }
}

/// Rows that make jobs.
@Suite struct ScheduleTests {
    @Test func aTickMakesAJobWithTheTicksTime() async throws {
        try await QueueBench.with { queue in
            try await queue.setClock("2026-11-21 08:20:30")
            try await queue.schedule("hourly", "spec, zone, args", "'0 * * * *', 'Asia/Kolkata', '{\"days\": 7}'")
            #expect(try await queue.tick() == 0)
            try await moveClock(of: queue.admin, by: .seconds(600))
            #expect(try await queue.tick() == 1)
            #expect(try await queue.tick() == 0)
            let job: String = try await queue.scalar(
                "select concat_ws(' ', kind, queue, state, args, run_at at time zone 'UTC') from converged.jobs")
            #expect(job == #"k default ready {"days": 7} 2026-11-21 08:30:00"#)
            let id: Int64 = try await queue.scalar("select id from converged.jobs")
            #expect(
                try await queue.schedule("hourly", "last_job, last_at at time zone 'UTC', next_at at time zone 'UTC'")
                    == "\(id) 2026-11-21 08:30:00 2026-11-21 09:30:00")
        }
    }

    @Test func everyDoesNotDrift() async throws {
        try await QueueBench.with { queue in
            try await queue.setClock("2026-11-21 08:00:00")
            try await queue.schedule("e", "spec, next_at", "'@every 90s', '2026-11-21 08:00:10+00'")
            for late in [11, 107, 250] {
                try await queue.setClock("2026-11-21 08:00:00")
                try await moveClock(of: queue.admin, by: .seconds(late))
                try await queue.tick()
            }
            #expect(try await queue.takeJobs() == ["2026-11-21 08:00:10"], "the first still waits: no second one")
            #expect(try await queue.schedule("e", "next_at at time zone 'UTC', skipped") == "2026-11-21 08:04:40 2")
        }
    }

    static let policies: [(columns: String, values: String, jobs: [String], skipped: Int)] = [
        ("catch_up", "'skip'", [], 1),
        ("catch_up", "'one'", ["03:20"], 0),
        ("catch_up, catch_up_most", "'all', 3", ["03:00", "03:10", "03:20"], 0),
        ("catch_up, catch_up_most", "'all', 1000", ["02:50", "03:00", "03:10", "03:20"], 0),
    ]

    @Test func catchUpDecidesOnMissedTicks() async throws {
        for spec in ["*/10 * * * *", "@every 10m"] {
            for policy in Self.policies {
                try await QueueBench.with { queue in
                    try await queue.setClock("2026-11-21 02:45:00")
                    try await queue.schedule(
                        "s", "spec, next_at, \(policy.columns)", "'\(spec)', '2026-11-21 02:50+00', \(policy.values)")
                    try await queue.setClock("2026-11-21 03:25:00")
                    #expect(try await queue.tick() == policy.jobs.count, "\(spec) \(policy)")
                    #expect(
                        try await queue.takeJobs() == policy.jobs.map { "2026-11-21 \($0):00" }, "\(spec) \(policy)")
                    #expect(
                        try await queue.schedule("s", "next_at at time zone 'UTC', skipped")
                            == "2026-11-21 03:30:00 \(policy.skipped)")
                    // A daemon that is a little late is on time, whatever the policy.
                    try await queue.setClock("2026-11-21 03:30:50")
                    #expect(try await queue.tick() == 1, "\(spec) \(policy)")
                }
            }
        }
    }

    @Test func yearsOfMissedMinutesAreSoonCounted() async throws {
        try await QueueBench.with { queue in
            try await queue.setClock("2026-11-21 08:00:00")
            try await queue.schedule("all", "spec, catch_up, catch_up_most", "'* * * * *', 'all', 3")
            try await queue.schedule("rare", "spec, catch_up, catch_up_most", "'0 0 29 2 *', 'all', 3")
            try await queue.setClock("2036-11-21 08:00:30")
            #expect(try await queue.tick() == 6)
            #expect(
                try await queue.takeJobs() == [
                    "2028-02-29 00:00:00", "2032-02-29 00:00:00", "2036-02-29 00:00:00", "2036-11-21 07:58:00",
                    "2036-11-21 07:59:00", "2036-11-21 08:00:00",
                ])
        }
    }

    @Test func aTickIsSkippedWhileTheJobBeforeIsThere() async throws {
        try await QueueBench.with { queue in
            try await queue.setClock("2026-11-21 08:00:00")
            try await queue.schedule("skip", "spec", "'* * * * *'")
            try await queue.schedule("allow", "spec, overlap", "'* * * * *', 'allow'")
            for _ in 0..<3 {
                try await moveClock(of: queue.admin, by: .seconds(60))
                try await queue.tick()
            }
            #expect(try await queue.takeJobs().count == 4)
            #expect(try await queue.schedule("skip", "skipped") == "2")
            try await moveClock(of: queue.admin, by: .seconds(60))
            #expect(try await queue.tick() == 2, "the job has ended: both make one")
        }
    }

    @Test func aClockThatStepsBackRepeatsNothing() async throws {
        try await QueueBench.with { queue in
            try await queue.setClock("2026-11-21 08:00:00")
            for (name, spec) in [("cron", "* * * * *"), ("every", "@every 1m")] {
                try await queue.schedule(name, "spec, overlap, next_at", "'\(spec)', 'allow', '2026-11-21 08:01+00'")
            }
            try await queue.setClock("2026-11-21 08:03:30")
            #expect(try await queue.tick() == 2)
            try await queue.setClock("2026-11-21 08:00:30")
            var made = 0
            for _ in 0..<6 {
                made += try await queue.tick()
                try await moveClock(of: queue.admin, by: .seconds(30))
            }
            #expect(made == 0)
            try await queue.setClock("2026-11-21 08:04:10")
            #expect(try await queue.tick() == 2)
            let times = try await queue.takeJobs()
            #expect(Set(times).count == 2 && times.count == 4, "the two agree, and no tick came twice: \(times)")
        }
    }

    @Test func manyDaemonsMakeEachTickOnce() async throws {
        try await QueueBench.with { queue in
            try await queue.setClock("2026-11-21 08:00:00")
            for number in 0..<40 {
                try await queue.schedule("s\(number)", "spec, overlap", "'* * * * *', 'allow'")
            }
            for round in 1...5 {
                try await moveClock(of: queue.admin, by: .seconds(60))
                let made = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            var made = 0
                            for _ in 0..<6 {
                                made += try await queue.daemon.query(
                                    "select from converged.tick_schedules(10) where job is not null"
                                ).count
                            }
                            return made
                        }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(made == 40, "round \(round)")
            }
            let doubled: Int = try await queue.scalar(
                "select count(*) from (select from converged.jobs group by run_at having count(*) <> 40) d")
            #expect(doubled == 0)
            #expect(try await queue.scalar("select count(distinct run_at) from converged.jobs") == 5)
        }
    }

    @Test func theAnswerTellsWhenToLookAgain() async throws {
        try await QueueBench.with { queue in
            func next() async throws -> Double? {
                try await queue.daemon.query("select next_ms from converged.tick_schedules(2) where name is null")
                    .scalar(as: Double?.self)
            }
            #expect(try await next() == nil, "there is no schedule")
            try await queue.setClock("2026-11-21 08:00:00")
            for name in ["a", "b", "c"] { try await queue.schedule(name, "spec", "'@hourly'") }
            let wait = try #require(try await next())
            #expect(wait > 3_500_000 && wait <= 3_600_000)
            try await queue.setClock("2026-11-21 09:00:01")
            #expect(try await next() == 0, "there may be more")
            #expect(try await next() ?? 0 > 3_500_000)
            #expect(try await queue.takeJobs().count == 3)
        }
    }
}
