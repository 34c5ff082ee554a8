import Postgres
import Support
import Testing

@testable import Queue

/// What a wake does to the job of its key.
@Suite struct FoldTests {
    @Test func wakesOfOneKeyAreOneJob() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            for urgent in [false, false, true, false] { try await queue.wake("a", urgent: urgent) }
            try await queue.wake("b", urgent: false)
            #expect(try await queue.fold(worker).folded == 5)
            #expect(
                try await queue.job("a", "state, priority, urgent, attempt, run_at <= converged.now()")
                    == "ready 0 t 0 t")
            #expect(try await queue.job("b", "state, priority, urgent") == "ready 8 f")
            #expect(try await queue.scalar("select count(*) from converged.wakes") == 0)
        }
    }

    @Test func aWakeDuringTheRunMakesItDirtyAndUrgencySticks() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            _ = try await queue.lease(worker)
            #expect(try await queue.job("a", "state, dirty, urgent") == "running f f")
            try await queue.wake("a", urgent: false)
            _ = try await queue.fold(worker)
            #expect(try await queue.job("a", "state, dirty, urgent") == "running t f")
            try await queue.wake("a", urgent: true)
            try await queue.wake("a", urgent: false)
            _ = try await queue.fold(worker)
            #expect(try await queue.job("a", "state, dirty, urgent") == "running t t")
        }
    }

    @Test func onlyAnUrgentWakeEndsABackOff() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a", urgent: false)
            let lease = try await queue.lease(worker)
            try await queue.finish(lease, .retry, after: .seconds(60), message: "no answer")
            let waiting = try await queue.job("a", "state, attempt, priority, run_at")
            try await queue.wake("a", urgent: false)
            _ = try await queue.fold(worker)
            #expect(try await queue.job("a", "state, attempt, priority, run_at") == waiting)
            try await queue.wake("a", urgent: true)
            _ = try await queue.fold(worker)
            #expect(
                try await queue.job("a", "attempt, priority, run_at <= converged.now(), rank = run_at") == "0 0 t t")
        }
    }

    @Test func aWakeBringsAResyncForward() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            let lease = try await queue.lease(worker)
            try await queue.finish(lease, .settled, after: .seconds(600))
            #expect(try await queue.job("a", "priority, run_at > converged.now() + interval '9 min'") == "8 t")
            try await queue.wake("a", urgent: false)
            _ = try await queue.fold(worker)
            let job = try await queue.job(
                "a", "priority, run_at <= converged.now(), rank = run_at + interval '2 min', woken_at > created_at")
            #expect(job == "8 t t t")
        }
    }

    @Test func unknownKindsAreLeftAlone() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            for number in 0..<50 { try await queue.wake("\(number)", kind: "other") }
            try await queue.wake("a")
            #expect(try await queue.claimed(worker) == ["a"])
            #expect(try await queue.scalar("select count(*) from converged.wakes where kind = 'other'") == 50)
        }
    }

    @Test func aTransactionLeftOpenBlocksNothing() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.admin.transaction { web in
                // The web app has touched a row and keeps its transaction; somebody else holds a waiting job.
                try await web.query("select converged.wake('k', 'open', true)")
                try await queue.wake("a")
                let lease = try await queue.lease(worker)
                try await queue.finish(lease, .settled, after: .seconds(600))
                try await web.query("select 1 from converged.jobs where key = 'a' for update")
                try await queue.wake("a")
                try await queue.wake("b")
                let claim = try await queue.claim(worker)
                #expect(claim.leases.map(\.lease.key) == ["b"])
                #expect(claim.leftBehind == 1, "the wake of the held job stays in the inbox")
            }
            #expect(try await queue.claimed(worker).sorted() == ["a", "open"], "both once the transaction has ended")
        }
    }

    @Test func aWakeThatIsRolledBackNeverWas() async throws {
        struct Undo: Error {}
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            await #expect(throws: Undo.self) {
                try await queue.admin.transaction { web in
                    try await web.query("select converged.wake('k', 'a', true)")
                    throw Undo()
                }
            }
            #expect(try await queue.claimed(worker).isEmpty)
        }
    }
}
