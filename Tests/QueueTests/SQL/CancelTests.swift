import Postgres
import Support
import Testing

@testable import Queue

/// A request to stop a job is kept until the job has ended, whatever happens to its worker meanwhile.
@Suite(.timeLimit(.minutes(5))) struct CancelTests {
    func rescue(_ queue: QueueBench, _ caller: Int64) async throws {
        try await queue.daemon.query("select * from converged.rescue(\(caller), interval '10 seconds', false)")
    }

    func cancel(_ queue: QueueBench, _ job: Int64) async throws -> String {
        try await queue.operate("select converged.cancel(\(job))")
    }

    @Test func readyWaitingAndDeadJobsGoAtOnce() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let dead = try await queue.enqueue("'k', max_attempts => 1")
            try await queue.finish(try await queue.lease(worker), .retry, after: .zero)
            let ready = try await queue.enqueue("'k'")
            let waiting = try await queue.enqueue("'k', needs => \([dead, ready])::bigint[]")
            for job in [waiting, ready, dead] {
                #expect(try await cancel(queue, job) == "cancelled job \(job)")
                #expect(try await queue.outcome(job) == "cancelled")
            }
            let message: String = try await queue.scalar(
                "select message from converged.job_history where job = \(ready)")
            #expect(message == "by converged_operator")
            for table in ["jobs", "dead_jobs", "job_needs", "cancellations"] {
                #expect(try await queue.scalar("select count(*) from converged.\(raw: table)") == 0)
            }
        }
    }

    /// No heartbeat falls into this test after the first: only the hint can have told the worker.
    @Test func aRunningHandlerIsCancelledThroughTheHint() async throws {
        try await QueueBench.with { queue in
            let (notes, never) = (Notes(), Gate())
            let kind = JobKind(name: "k") { _ in
                notes.add("began")
                do { try await never.pass() } catch {
                    notes.add("cancelled")
                    throw error
                }
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) {
                $0.heartbeatInterval = .seconds(300)
                $0.lapseAfter = .seconds(600)
            }
            try await queue.running(worker) {
                let job = try await queue.enqueue("'k', key => 'a'")
                #expect(await notes.next() == "began")
                #expect(try await cancel(queue, job) == "asked the worker of job \(job) to stop it")
                #expect(await notes.next() == "cancelled")
                try await eventually("its end is recorded") { try await queue.outcome(job) == "cancelled" }
            }
            #expect(worker.counters().finished["cancelled"] == 1)
            #expect(try await queue.scalar("select count(*) from converged.cancellations") == 0)
        }
    }

    @Test func aCancelOutlivesTheWorker() async throws {
        try await QueueBench.with { queue in
            let (dead, living) = (try await queue.register("dead"), try await queue.register("living"))
            let job = try await queue.enqueue("'k'")
            let lease = try await queue.lease(dead)
            _ = try await cancel(queue, job)
            #expect(try await queue.scalar("select count(*) from converged.cancellations") == 1)
            try await moveClock(of: queue.admin, by: .seconds(11))
            _ = try await queue.daemon.query("select converged.heartbeat(\(living))")
            try await rescue(queue, living)
            #expect(try await queue.outcome(job) == "cancelled")
            let message: String = try await queue.scalar("select message from converged.job_history where job = \(job)")
            #expect(message == "by converged_operator", "not by the worker that found it")
            #expect(try await queue.claim(living).leases.isEmpty)
            #expect(try await queue.finish(lease, .settled) == .lost)
            #expect(try await queue.scalar("select count(*) from converged.cancellations") == 0)
        }
    }

    @Test(arguments: [Finish.Ending.retry, .again, .returned])
    func aJobThatIsToRunAgainIsCancelledInstead(ending: Finish.Ending) async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let job = try await queue.enqueue("'k'")
            let lease = try await queue.lease(worker)
            _ = try await cancel(queue, job)
            try await queue.finish(lease, ending, after: .zero)
            #expect(try await queue.outcome(job) == "cancelled")
            #expect(try await queue.state(job) == nil)
            #expect(try await queue.scalar("select count(*) from converged.cancellations") == 0)
        }
    }

    /// The end is on its way and the request cannot see it: neither waits for the other.
    @Test func aCancelThatMeetsARetryIsEndedByTheRescue() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let job = try await queue.enqueue("'k'")
            var finish = Finish(try await queue.lease(worker), .retry, startedAt: .now, message: "no answer")
            finish.after = .seconds(60)
            let statements = Finish.statements([finish])
            try await queue.daemon.transaction { end in
                for sql in statements { try await end.query(sql) }
                #expect(try await cancel(queue, job) == "asked the worker of job \(job) to stop it")
            }
            #expect(try await queue.state(job) == "ready")
            try await rescue(queue, worker)
            #expect(try await queue.outcome(job) == "cancelled")
            #expect(try await queue.state(job) == nil)
            #expect(try await queue.scalar("select count(*) from converged.cancellations") == 0)
        }
    }

    /// A request that nobody can heed any more would hit the job when a dead letter of that id lives again.
    @Test func aCancelThatMeetsTheEndLeavesNothingBehind() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let job = try await queue.enqueue("'k', max_attempts => 1")
            var finish = Finish(try await queue.lease(worker), .retry, startedAt: .now, message: "no answer")
            finish.after = .zero
            let statements = Finish.statements([finish])
            try await queue.daemon.transaction { end in
                for sql in statements { try await end.query(sql) }
                _ = try await cancel(queue, job)
            }
            try await rescue(queue, worker)
            #expect(try await queue.scalar("select count(*) from converged.cancellations") == 0)
            _ = try await queue.operate("select converged.retry(\(job))")
            #expect(try await queue.lease(worker).job == job)
        }
    }
}
