import Postgres
import Support
import Testing

@testable import Queue

/// Jobs that wait for other jobs.
@Suite struct NeedsTests {
    func rescue(_ queue: QueueBench, _ caller: Int64) async throws {
        try await queue.daemon.query("select * from converged.rescue(\(caller), interval '10 seconds', false)")
    }

    /// Enqueues a job that needs these, and tells its id.
    func dependent(_ queue: QueueBench, on needs: [Int64], key: String = "after") async throws -> Int64 {
        try await queue.enqueue("'k', key => \(key), needs => \(needs)::bigint[]")
    }

    @Test func fanOutAndFanInAreResolvedInTheTransactionOfTheLastEnd() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let first = try await queue.enqueue("'k', key => 'first'")
            let middle = [
                try await dependent(queue, on: [first], key: "a"), try await dependent(queue, on: [first], key: "b"),
            ]
            let last = try await dependent(queue, on: middle + middle + [first])
            try await queue.finish(try await queue.lease(worker), .settled)
            let leases = try await queue.claim(worker).leases.map(\.lease)
            #expect(Set(leases.map(\.job)) == Set(middle))
            try await queue.finish(leases[0], .settled)
            #expect(try await queue.state(last) == "waiting")
            try await queue.daemon.transaction { end in
                for sql in Finish.statements([Finish(leases[1], .settled, startedAt: .now)]) {
                    try await end.query(sql)
                }
                let inside: String = try await end.query("select state::text from converged.jobs where id = \(last)")
                    .scalar()
                #expect(inside == "ready")
                #expect(try await queue.state(last) == "waiting", "not before the commit")
            }
            #expect(try await queue.lease(worker).job == last)
            #expect(try await queue.scalar("select count(*) from converged.job_needs") == 0)
        }
    }

    @Test func twoNeedsThatEndAtOnceStartTheJob() async throws {
        try await QueueBench.with { queue in
            // On a machine that stands still for a moment the wait of one end for the other is cut, and the rescue's turn comes.
            try await queue.admin.query("alter function converged.resolve_needs(bigint[]) set lock_timeout = '1min'")
            let worker = try await queue.register()
            for _ in 0..<15 {
                let needs = [try await queue.enqueue("'k'"), try await queue.enqueue("'k'")]
                let last = try await dependent(queue, on: needs)
                let leases = try await queue.claim(worker).leases.map(\.lease)
                #expect(leases.count == 2)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lease in leases { group.addTask { try await queue.finish(lease, .settled) } }
                    try await group.waitForAll()
                }
                let lease = try await queue.lease(worker)
                #expect(lease.job == last)
                try await queue.finish(lease, .settled)
            }
        }
    }

    @Test func anEndThatStallsHoldsUpNoOtherAndTheRescueStartsTheJob() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let needs = [try await queue.enqueue("'k'"), try await queue.enqueue("'k'")]
            let last = try await dependent(queue, on: needs)
            let leases = try await queue.claim(worker).leases.map(\.lease)
            try await queue.daemon.transaction { stalled in
                for sql in Finish.statements([Finish(leases[0], .settled, startedAt: .now)]) {
                    try await stalled.query(sql)
                }
                try await queue.finish(leases[1], .settled)
                #expect(try await queue.outcome(leases[1].job) == "settled")
            }
            #expect(try await queue.state(last) == "waiting")
            try await rescue(queue, worker)
            #expect(try await queue.lease(worker).job == last)
        }
    }

    @Test func aCancelledOrBlockedNeedCancelsWhatNeedsIt() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let first = try await queue.enqueue("'k', delay => interval '1 h'")
            let second = try await dependent(queue, on: [first], key: "second")
            let third = try await dependent(queue, on: [second], key: "third")
            _ = try await queue.operate("select converged.cancel(\(first))")
            for job in [first, second, third] { #expect(try await queue.outcome(job) == "cancelled") }
            let message: String = try await queue.scalar(
                "select message from converged.job_history where job = \(third)")
            #expect(message == "job \(second) that it needs was cancelled")
            let needed = try await queue.enqueue("'k'")
            let waiting = try await dependent(queue, on: [needed])
            try await queue.finish(try await queue.lease(worker), .blocked, message: "no such user")
            #expect(try await queue.outcome(waiting) == "cancelled")
            #expect(try await queue.scalar("select count(*) from converged.jobs") == 0)
            #expect(try await queue.scalar("select count(*) from converged.job_needs") == 0)
        }
    }

    @Test func aDeadNeedIsWaitedForUntilItIsRedriven() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let needed = try await queue.enqueue("'k', max_attempts => 1")
            let waiting = try await dependent(queue, on: [needed])
            #expect(try await queue.finish(try await queue.lease(worker), .retry, after: .zero) == .dead)
            try await rescue(queue, worker)
            #expect(try await queue.state(waiting) == "waiting")
            let count = try await queue.acting(as: "converged_operator") {
                try await $0.query("select converged.redrive('k')").scalar(as: Int.self)
            }
            #expect(count == 1)
            try await queue.finish(try await queue.lease(worker), .settled)
            #expect(try await queue.lease(worker).job == waiting)
        }
    }

    @Test func aDeadNeedThatNobodyRedroveCancelsWhatNeedsIt() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let needed = try await queue.enqueue("'k', max_attempts => 1")
            let waiting = try await dependent(queue, on: [needed])
            try await queue.finish(try await queue.lease(worker), .retry, after: .zero)
            // Retention.
            try await queue.admin.query("delete from converged.dead_jobs")
            try await rescue(queue, worker)
            #expect(try await queue.outcome(waiting) == "cancelled")
        }
    }

    @Test func aNeedThatEndsWhileSomebodyEnqueuesIsSeenByTheRescue() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let needed = try await queue.enqueue("'k'")
            let lease = try await queue.lease(worker)
            let waiting: Int64 = try await queue.acting(as: "converged_web") { web in
                try await web.transaction { open in
                    let job: Int64 = try await open.query(
                        "select converged.enqueue('k', needs => \([needed])::bigint[])"
                    ).scalar()
                    try await queue.finish(lease, .settled)
                    return job
                }
            }
            #expect(try await queue.state(waiting) == "waiting")
            try await rescue(queue, worker)
            #expect(try await queue.lease(worker).job == waiting)
        }
    }

    @Test func anOpenCancelOfAWaitingJobHoldsUpNoEnd() async throws {
        struct Undo: Error {}
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let needed = try await queue.enqueue("'k'")
            let waiting = [
                try await dependent(queue, on: [needed], key: "a"), try await dependent(queue, on: [needed], key: "b"),
            ]
            let lease = try await queue.lease(worker)
            try await queue.acting(as: "converged_web") { web in
                _ = await #expect(throws: Undo.self) {
                    try await web.transaction { open in
                        try await open.query("select converged.cancel(\(waiting[0]))")
                        #expect(try await queue.finish(lease, .settled) == nil)
                        #expect(try await queue.outcome(needed) == "settled")
                        #expect(try await queue.state(waiting[1]) == "ready")
                        throw Undo()
                    }
                }
            }
            #expect(try await queue.state(waiting[0]) == "waiting")
            try await rescue(queue, worker)
            #expect(try await queue.state(waiting[0]) == "ready")
        }
    }

    @Test func aNeedThatHasEndedIsNoNeed() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let settled = try await queue.enqueue("'k'")
            try await queue.finish(try await queue.lease(worker), .settled)
            #expect(try await queue.state(try await dependent(queue, on: [settled])) == "ready")
            let cancelled = try await queue.enqueue("'k'")
            _ = try await queue.operate("select converged.cancel(\(cancelled))")
            let error = try await queue.refusal("select converged.enqueue('k', needs => \([cancelled])::bigint[])")
            #expect(error.sqlState == QueueSQLState.conflict)
        }
    }
}
