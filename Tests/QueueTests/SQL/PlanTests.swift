import Foundation
import Postgres
import Support
import Testing

@testable import Queue

/// The plans of the hot statements must not turn: not when they were made on an empty table, not when the statistics are
/// missing, not when they are fresh. What is counted is what the server read.
@Suite struct PlanTests {
    /// Rows read from `jobs` by one statement: through the whole table, and through its indexes.
    func reads(_ database: Database, _ sql: SQL) async throws -> (sequential: Int64, fetched: Int64) {
        let counts: SQL = """
            select seq_tup_read, idx_tup_fetch from pg_stat_xact_user_tables
            where schemaname = 'converged' and relname = 'jobs'
            """
        return try await database.transaction { connection in
            let before = try await connection.query(counts)[0].decode((Int64, Int64).self)
            try await connection.query(sql)
            let after = try await connection.query(counts)[0].decode((Int64, Int64).self)
            return (after.0 - before.0, after.1 - before.1)
        }
    }

    func fill(_ queue: QueueBench) async throws {
        try await queue.admin.query(
            """
            insert into converged.jobs (kind, queue, key, priority, run_at, rank, woken_at, created_at)
            select 'k', 'default', n::text, 8, at, at + interval '2 min', at, at
            from generate_series(1, 25000) n, lateral (select converged.now() - interval '1 h' + n * interval '1 ms' as at) t
            """)
    }

    @Test func claimFoldAndFinishReadOnlyWhatTheyTake() async throws {
        try await QueueBench.with { queue in
            try await queue.admin.script(
                "alter table converged.jobs set (autovacuum_enabled = false)")
            // One connection, whose plans were all made while the table was empty.
            let daemon = queue.test.open(role: "converged_daemon") { $0.maxConnections = 1 }
            let worker = try await queue.register()
            let claim = Claim(limits: [100], worker: worker, floors: [nil]).statement([QueueBench.plain])
            for _ in 0..<7 {
                try await queue.wake("early")
                for leased in try Claim.Result(try await daemon.query(claim), daemon).leases {
                    try await daemon.query(Finish.statement([Finish(leased.lease, .settled, startedAt: .now)]))
                }
            }
            try await fill(queue)
            for statistics in ["none", "of a backlog", "of running jobs"] {
                if statistics != "none" { try await queue.admin.query("analyze converged.jobs") }
                for number in 1...50 { try await queue.wake("\(24_000 + number)") }
                let claimed = try await reads(daemon, claim)
                #expect(claimed.sequential == 0, "claim with statistics: \(statistics)")
                #expect(claimed.fetched < 1_000, "claim with statistics: \(statistics)")
                let leases = try await queue.scalar(
                    "select count(*) from converged.jobs where state = 'running'", as: Int.self)
                let running = try await daemon.query(
                    "select id, fence from converged.jobs where state = 'running' order by id limit 100"
                ).decode((Int64, Int64).self)
                #expect(leases >= 100)
                let finishes = running.enumerated().map { index, run in
                    let lease = Lease(
                        job: run.0, fence: run.1, kind: "k", key: nil, wokenAt: .now, database: daemon)
                    var finish = Finish(lease, index % 2 == 0 ? .settled : .again, startedAt: .now)
                    if index % 2 == 1 { finish.after = .seconds(60) }
                    return finish
                }
                let finished = try await reads(daemon, Finish.statement(finishes))
                #expect(finished.sequential == 0, "finish with statistics: \(statistics)")
                #expect(finished.fetched < 1_000, "finish with statistics: \(statistics)")
                let held = try await queue.oneRunning()
                let asserted = try await reads(daemon, held.assertion)
                #expect(asserted.sequential == 0 && asserted.fetched <= 2)
                // Many leases at once, so that the next statistics know of running jobs.
                _ = try await daemon.query(
                    Claim(limits: [5_000], worker: worker, floors: [nil]).statement([QueueBench.plain]))
            }
            await daemon.close()
        }
    }

    @Test func thePlannerChoosesTheIndexByItself() async throws {
        try await QueueBench.with { queue in
            try await fill(queue)
            for analyzed in [false, true] {
                if analyzed { try await queue.admin.query("analyze converged.jobs") }
                let claim: [String] = try await queue.admin.query(
                    """
                    explain select id from converged.jobs
                    where state = 'ready' and queue = 'default' and kind = 'k' and rank <= now() + interval '2 min'
                        and run_at <= now()
                    order by rank limit 500 for update skip locked
                    """
                ).column(0)
                #expect(claim.contains { $0.contains("Index Scan using jobs_ready") }, "\(claim)")
                #expect(!claim.contains { $0.contains("Sort") }, "\(claim)")
                let finish: [String] = try await queue.admin.query(
                    """
                    explain delete from converged.jobs j using unnest('{1,2,3}'::bigint[], '{1,1,1}'::bigint[]) f (id, fence)
                    where j.id = f.id and j.fence = f.fence and j.state = 'running'
                    """
                ).column(0)
                #expect(finish.contains { $0.contains("Index Scan using jobs_pkey") }, "\(finish)")
            }
        }
    }
}

extension QueueBench {
    fileprivate func oneRunning() async throws -> Lease {
        _ = try await claim(try await register("holder"), limits: [1])
        let (job, fence) = try await admin.query(
            "select id, fence from converged.jobs where state = 'running' order by leased_at desc limit 1"
        )[0].decode((Int64, Int64).self)
        return Lease(job: job, fence: fence, kind: "k", key: nil, wokenAt: .now, database: daemon)
    }
}
