import Postgres
import Support
import Testing

@testable import Queue

/// Jobs outlive their workers.
@Suite struct RescueTests {
    func rescue(_ queue: QueueBench, _ caller: Int64, isThorough: Bool = false) async throws -> [String] {
        try await queue.daemon.query(
            "select name || ' ' || rescued from converged.rescue(\(caller), interval '10 seconds', \(isThorough))"
        ).column(0)
    }

    @Test func aWorkerUnseenFor10SecondsLosesItsJobs() async throws {
        try await QueueBench.with { queue in
            let (dead, living) = (try await queue.register("dead"), try await queue.register("living"))
            for key in ["a", "b"] { try await queue.wake(key) }
            let late = try await queue.claim(dead).leases
            try await queue.finish(late[0].lease, .retry, after: .zero)
            let attempted = try await queue.lease(dead)
            #expect(try await rescue(queue, living).isEmpty)
            try await moveClock(of: queue.admin, by: .seconds(11))
            _ = try await queue.daemon.query("select converged.heartbeat(\(living))")
            #expect(try await rescue(queue, living) == ["dead 2"])
            let again = try await queue.claim(living).leases.map(\.lease)
            #expect(again.count == 2)
            #expect(again.first { $0.job == attempted.job }?.attempt == 1, "the count of attempts is kept")
            #expect(try await queue.finish(attempted, .settled) == .lost)
            #expect(try await queue.daemon.query("select * from converged.heartbeat(\(dead))").isEmpty)
        }
    }

    @Test func aDirtyJobOfADeadWorkerKeepsItsUrgency() async throws {
        try await QueueBench.with { queue in
            let (dead, living) = (try await queue.register("dead"), try await queue.register("living"))
            try await queue.wake("a", urgent: false)
            _ = try await queue.lease(dead)
            try await queue.wake("a", urgent: true)
            _ = try await queue.fold(living)
            try await moveClock(of: queue.admin, by: .seconds(11))
            #expect(try await rescue(queue, living) == ["dead 1"])
            #expect(try await queue.job("a", "state, priority, dirty, run_at <= converged.now()") == "ready 0 f t")
        }
    }

    @Test func aThoroughLookFindsJobsWhoseWorkerHasNoRow() async throws {
        try await QueueBench.with { queue in
            let (gone, living) = (try await queue.register("gone"), try await queue.register("living"))
            try await queue.wake("a")
            _ = try await queue.lease(gone)
            try await queue.admin.query("delete from converged.workers where id = \(gone)")
            #expect(try await rescue(queue, living).isEmpty)
            // Another is at it: one reads the whole table, not all daemons that start together.
            try await queue.admin.transaction { other in
                try await other.query("select pg_advisory_xact_lock(1129270087, 0)")
                #expect(try await rescue(queue, living, isThorough: true).isEmpty)
            }
            #expect(try await rescue(queue, living, isThorough: true) == [" 1"])
            #expect(try await queue.claimed(living) == ["a"])
        }
    }

    @Test func aRenewedWorkerKeepsWhatItKnowsAndReturnsTheRest() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            for key in ["known", "unheard"] { try await queue.wake(key) }
            let leases = try await queue.claim(worker).leases.map(\.lease)
            let known = try #require(leases.first { $0.key == "known" })
            let renewed: Int64 = try await queue.daemon.query(
                "select converged.renew_worker(\(worker), \([known.job])::bigint[], \([known.fence])::bigint[])"
            ).scalar()
            #expect(renewed != worker)
            #expect(try await queue.claimed(renewed) == ["unheard"])
            #expect(try await queue.finish(known, .settled) == nil)
            let error = try await #require(throws: PostgresError.self) { try await queue.claim(worker) }
            #expect(error.sqlState == QueueSQLState.workerGone, "a claim still on its way is refused")
        }
    }
}
