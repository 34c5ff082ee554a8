import Postgres
import Support
import Testing

@testable import Queue

/// A backlog of a million: every statement of the hot path still goes by the index made for it, whatever the statistics say.
/// Judged by the plans that ran inside the functions, not by a copy of their SQL.
@Suite(.timeLimit(.minutes(5))) struct MillionJobsTests {
    static let kinds = ["default", "default", "mail"].enumerated().map { index, queue in
        JobKind(name: "k\(index)", queue: queue) { _ in Verdict(.settled(next: nil)) }
    }

    /// Ready now, to be run later, and running; five kinds in three queues, of which the test's worker knows three. Some have keys.
    static func fill(_ queue: QueueBench, worker: Int64) async throws {
        try await queue.test.open { $0.statementTimeout = .seconds(150) }.query(
            """
            insert into converged.jobs (kind, queue, key, state, priority, run_at, rank, fence, worker, leased_at, woken_at, created_at)
            select 'k' || n % 5, (array['default', 'default', 'mail', 'bulk', 'bulk'])[1 + n % 5],
                case when n % 8 = 0 then n::text end, state::converged.job_state, priority, at,
                at + priority * interval '15 s', case state when 'running' then -1 end,
                case state when 'running' then \(worker)::bigint end, case state when 'running' then at end, at, at
            from generate_series(1, 1000000) n
                cross join lateral (select case when n % 16 = 3 then 'running' else 'ready' end as state, n % 9 as priority,
                    converged.now() + case when n % 4 = 1 then interval '10 min' else interval '-2 h' end
                        + n * interval '1 ms' as at) t
            """)
    }

    /// The ways into `jobs` that the plans went, with what must hold of every one of them.
    func ways(_ plans: [ServerPlan], _ allowed: Set<String>, _ comment: Comment) -> Set<String> {
        let gone = plans.reduce(into: Set<String>()) { $0.formUnion($1.ways) }
        #expect(gone.isSubset(of: allowed), comment)
        #expect(!plans.contains { $0.root.all.contains { $0.type == "Seq Scan" && $0.relation == "jobs" } }, comment)
        #expect(!plans.contains { $0.hasWalk }, comment)
        return gone
    }

    func checkClaim(_ queue: QueueBench, _ session: ExplainedSession, _ worker: Int64, _ comment: Comment) async throws
        -> [Lease]
    {
        try await queue.admin.query(
            "select converged.wake('k0', key, true) from converged.jobs where kind = 'k0' and key is not null limit 50")
        let claim = Claim(limits: [200, 200, 100], worker: worker, floors: [nil, nil, nil])
        let (rows, plans) = try await session.run(claim.statement(Self.kinds))
        let leases = try Claim.Result(rows, queue.daemon).leases.map(\.lease)
        #expect(leases.count == 500, comment)
        let look = "Index Scan using jobs_ready"
        let all = ways(
            plans, [look, "Index Scan using jobs_key", "Index Scan using jobs_pkey", "Tid Scan"], comment)
        #expect(all.isSuperset(of: [look, "Tid Scan"]), comment)
        let looks = plans.filter { $0.query.contains("as wanted (queue, kind, most, floor, per_lane)") }
        #expect(looks.count == 1 && looks.allSatisfy { $0.ways == [look] }, comment)
        let leasing = plans.filter { $0.query.contains("update converged.jobs job set state") }
        #expect(leasing.count == 1 && leasing.allSatisfy { $0.ways == ["Tid Scan"] }, comment)
        let whole = try #require(plans.last { $0.query.contains("from converged.claim(") })
        #expect(whole.buffers > 0 && whole.buffers < 15_000, comment)
        print(
            "\(comment): a claim of 500 touched \(whole.buffers) buffers, its look and lease \((looks + leasing).map(\.buffers))"
        )
        return leases
    }

    func checkEnds(_ queue: QueueBench, _ session: ExplainedSession, _ leases: [Lease], _ comment: Comment) async throws
    {
        let finishes = leases.enumerated().map { index, lease in
            var finish = Finish(lease, index < 250 ? .settled : index % 2 == 0 ? .again : .retry, startedAt: .now)
            if index >= 250 { finish.after = .seconds(600) }
            return finish
        }
        let statements = Finish.statements(finishes)
        #expect(statements.count == 2)
        let (settled, settling) = try await session.run(statements[0])
        #expect(settled.isEmpty && ways(settling, ["Tid Scan"], comment) == ["Tid Scan"], comment)
        let (ended, ending) = try await session.run(statements[1])
        #expect(ended.isEmpty, comment)
        let byID = "Index Scan using jobs_pkey"
        #expect(ways(ending, [byID, "Tid Scan"], comment).contains(byID), comment)
    }

    @Test func everyStatementGoesByItsIndex() async throws {
        try await QueueBench.with { queue in
            try await queue.admin.script("alter table converged.jobs set (autovacuum_enabled = false)")
            try await queue.daemon.batch(JobKind.registration(Self.kinds))
            try await queue.admin.query("insert into converged.queues (name) values ('bulk')")
            let worker = try await queue.register()
            try await queue.test.open { $0.statementTimeout = .seconds(20) }.withConnection { early in
                // All its plans are made while the table is empty, and so are the statistics.
                let early = try await ExplainedSession(early, queue.test.cluster)
                for round in 0..<7 {
                    try await queue.wake("\(round)", kind: "k0")
                    let claim = Claim(limits: [200, 200, 100], worker: worker, floors: [nil, nil, nil])
                    let rows = try await early.connection.query(claim.statement(Self.kinds))
                    let lease = try #require(try Claim.Result(rows, queue.daemon).leases.first?.lease)
                    try await early.connection.batch(
                        Finish.statements([Finish(lease, round % 2 == 0 ? .settled : .blocked, startedAt: .now)]))
                }
                try await queue.admin.query("analyze converged.jobs")
                try await Self.fill(queue, worker: worker)
                for statistics in ["of an empty table", "fresh"] {
                    if statistics == "fresh" { try await queue.admin.query("analyze converged.jobs") }
                    let told: Comment = "statistics \(statistics), a session with plans of before"
                    try await checkEnds(queue, early, try await checkClaim(queue, early, worker, told), told)
                    try await queue.test.open().withConnection { late in
                        let late = try await ExplainedSession(late, queue.test.cluster)
                        let told: Comment = "statistics \(statistics), a new session"
                        try await checkEnds(queue, late, try await checkClaim(queue, late, worker, told), told)
                    }
                }
            }
        }
    }
}
