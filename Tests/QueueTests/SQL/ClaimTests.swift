import Postgres
import Support
import Testing

@testable import Queue

/// Which jobs are leased, and in which order.
@Suite struct ClaimTests {
    @Test func aUsersChangeGoesBeforeResyncs() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("resync", urgent: false)
            _ = try await queue.fold(worker)
            try await queue.wake("change", urgent: true)
            #expect(try await queue.claimed(worker, limits: [1]) == ["change"])
            #expect(try await queue.claimed(worker, limits: [1]) == ["resync"])
        }
    }

    @Test func waitingAgesAJob() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("old resync", urgent: false)
            _ = try await queue.fold(worker)
            try await moveClock(of: queue.admin, by: .seconds(121))
            try await queue.wake("new change", urgent: true)
            #expect(try await queue.claimed(worker, limits: [1]) == ["old resync"])
        }
    }

    @Test func nothingRunsBeforeItsTime() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            try await queue.finish(try await queue.lease(worker), .again, after: .seconds(30))
            let early = try await queue.claim(worker)
            #expect(early.leases.isEmpty)
            let next = try #require(early.next)
            #expect(next > .seconds(20) && next <= .seconds(30), "the worker is told when to look")
            try await moveClock(of: queue.admin, by: .seconds(31))
            #expect(try await queue.claimed(worker) == ["a"])
        }
    }

    @Test func limitsArePerKindAndKindsOfOthersStay() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let second = JobKind(name: "m") { _ in Verdict(.settled(next: nil)) }
            for key in ["1", "2", "3"] {
                for kind in ["k", "m", "other"] { try await queue.wake(key, kind: kind) }
            }
            let leases = try await queue.claim(worker, [QueueBench.plain, second], limits: [1, 2]).leases
            #expect(leases.map(\.lease.kind).sorted() == ["k", "m", "m"])
            #expect(Set(leases.map(\.lease.fence)).count == 1)
        }
    }

    @Test func aPausedKindOrKeyIsNotLeasedAndNotLost() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.admin.query("select converged.pause('k', 'a', 'surgery')")
            for key in ["a", "b"] { try await queue.wake(key) }
            #expect(try await queue.claimed(worker) == ["b"])
            try await queue.admin.query("select converged.pause('k')")
            try await queue.wake("c")
            #expect(try await queue.claimed(worker).isEmpty)
            try await queue.admin.query("select converged.resume('k')")
            #expect(try await queue.claimed(worker) == ["c"])
            try await queue.admin.query("select converged.resume('k', 'a')")
            #expect(try await queue.claimed(worker) == ["a"])
        }
    }

    @Test func aWorkerThatIsThoughtDeadLeasesNothing() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            try await queue.admin.query("delete from converged.workers")
            let error = try await #require(throws: PostgresError.self) { try await queue.claim(worker) }
            #expect(error.sqlState == QueueSQLState.workerGone)
            #expect(try await queue.scalar("select count(*) from converged.jobs") == 0, "nor does it fold")
        }
    }

    @Test func moreThanOneWorkerCanTakeIsToldToTheOthers() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            var notices = queue.admin.listen(["converged_jobs"]).makeAsyncIterator()
            #expect(await notices.next() == .connected)
            try await queue.admin.query(
                "insert into converged.wakes (kind, key, urgent, at) values ('k', 'a', true, now()), ('k', 'b', true, now())"
            )
            #expect(try await queue.claimed(worker, limits: [1]).count == 1)
            #expect(await notices.next() == .notification(channel: "converged_jobs", payload: ""))
        }
    }
}
