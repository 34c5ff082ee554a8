import Postgres
import Support
import Testing

@testable import Queue

/// Hints that name a job, and the lease of that job.
@Suite struct HintTests {
    private func take(_ queue: QueueBench, _ worker: Int64, _ job: Int64, kind: String = "k") async throws -> [Int64] {
        let address: String = try await queue.admin.query(
            "select ctid::text from converged.jobs where id = \(job)"
        ).scalar()
        let claim = HintedClaim(
            job: job, address: address, kind: JobKind(name: kind) { _ in Verdict(.settled(next: nil)) })
        let rows = try await queue.daemon.batch(claim.statements(for: worker))
        return try HintedClaim.result(rows[1], queue.daemon).leases.map(\.lease.job)
    }

    private func enqueue(_ queue: QueueBench, _ more: SQL = "") async throws -> Int64 {
        var sql: SQL = "select converged.enqueue('k'"
        sql.append(more)
        sql.append(")")
        return try await queue.admin.query(sql).scalar()
    }

    @Test func theNamedJobIsLeasedOnce() async throws {
        try await QueueBench.with { queue in
            let (one, other) = (try await queue.register("one"), try await queue.register("other"))
            let first = try await enqueue(queue)
            let second = try await enqueue(queue)
            #expect(try await take(queue, one, second) == [second], "not the one that waits longer")
            #expect(try await take(queue, other, second).isEmpty)
            #expect(try await take(queue, other, first, kind: "another").isEmpty)
            let lease = try await queue.lease(one)
            #expect(lease.job == first)
            #expect(
                try await queue.scalar(
                    "select count(*) from converged.jobs where state = 'running' and worker = \(one) and fence is not null"
                )
                    == 2)
        }
    }

    @Test func whatIsNotDueOrHeldIsLeftToTheLook() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let later = try await enqueue(queue, ", delay => '1 hour'")
            #expect(try await take(queue, worker, later).isEmpty)
            let job = try await enqueue(queue)
            #expect(try await take(queue, worker + 1, job).isEmpty, "a worker without a row leases nothing")
            try await queue.admin.query("select converged.pause(kind => 'other')")
            #expect(try await take(queue, worker, job).isEmpty)
            try await queue.admin.query("delete from converged.pauses")
            try await queue.admin.query(
                "insert into converged.limits (scope, name, max_running) values ('kind', 'z', 1)")
            #expect(try await take(queue, worker, job).isEmpty)
            try await queue.admin.query("delete from converged.limits")
            #expect(try await take(queue, worker, job) == [job])
        }
    }

    @Test func theRowIsFoundByItsAddressAlone() async throws {
        try await QueueBench.with { queue in
            let claim = HintedClaim(
                job: 1, address: "(0,1)", kind: JobKind(name: "k") { _ in Verdict(.settled(next: nil)) })
            var plan: SQL = "explain (costs off) "
            plan.append(claim.statements(for: 1)[1])
            let lines: [String] = try await queue.daemon.query(plan).column(0)
            let scans = lines.filter { $0.contains(" on jobs") && $0.contains("Scan") }
            #expect(scans.count == 2 && scans.allSatisfy { $0.contains("Tid Scan") }, "\(lines)")
        }
    }

    @Test func aTransactionNamesItsFirstJobAndNoMore() async throws {
        try await QueueBench.with { queue in
            var notices = queue.admin.listen(["converged_jobs"]).makeAsyncIterator()
            #expect(await notices.next() == .connected)
            let jobs: [Int64] = try await queue.admin.batch([
                "select converged.enqueue('k')", "select converged.enqueue('k')", "select converged.enqueue('k')",
            ]).map { try $0.scalar() }
            #expect(await notices.next() == .notification(channel: "converged_jobs", payload: "\(jobs[0]) 0 1 k"))
            #expect(await notices.next() == .notification(channel: "converged_jobs", payload: ""))
            let next = try await enqueue(queue)
            #expect(await notices.next() == .notification(channel: "converged_jobs", payload: "\(next) 0 4 k"))
        }
    }
}
