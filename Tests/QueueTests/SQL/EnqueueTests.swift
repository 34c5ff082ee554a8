import Postgres
import Support
import Testing

@testable import Queue

/// What plain SQL enqueues, as the web app.
@Suite struct EnqueueTests {
    @Test func aJobRunsWithWhatItWasGiven() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let job = try await queue.enqueue(
                #"'k', '{"n": 1}', key => 'a', priority => 2, max_attempts => 3, lane => 'tenant'"#)
            #expect(
                try await queue.job(
                    "a", "id, queue, state, priority, max_attempts, lane, rank = run_at + interval '30 s'")
                    == "\(job) default ready 2 3 tenant t")
            let lease = try await queue.lease(worker)
            #expect(lease.job == job && lease.args == #"{"n": 1}"# && lease.priority == 2)
        }
    }

    @Test func nothingExistsBeforeTheCommit() async throws {
        struct Undo: Error {}
        try await QueueBench.with { queue in
            try await queue.acting(as: "converged_web") { web in
                _ = await #expect(throws: Undo.self) {
                    try await web.transaction { transaction in
                        try await transaction.query("select converged.enqueue('k', key => 'a')")
                        try await transaction.query(#"select converged.enqueue_many('[{"kind": "k"}, {"kind": "k"}]')"#)
                        #expect(try await queue.scalar("select count(*) from converged.jobs") == 0)
                        throw Undo()
                    }
                }
            }
            #expect(try await queue.scalar("select count(*) from converged.jobs") == 0)
        }
    }

    @Test func delaysAndTimesAreKept() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            _ = try await queue.enqueue("'k', key => 'later', delay => interval '10 min'")
            _ = try await queue.enqueue("'k', key => 'then', run_at => now() + interval '20 min'")
            #expect(try await queue.claimed(worker).isEmpty)
            try await moveClock(of: queue.admin, by: .seconds(601))
            #expect(try await queue.claimed(worker) == ["later"])
            try await moveClock(of: queue.admin, by: .seconds(600))
            #expect(try await queue.claimed(worker) == ["then"])
        }
    }

    // MARK: A key that is taken

    @Test func aSecondJobOfAKeyIsRejectedOrKeepsTheFirst() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let first = try await queue.enqueue(#"'k', '{"n": 1}', key => 'a'"#)
            for state in ["ready", "running"] {
                let error = try await queue.refusal("select converged.enqueue('k', key => 'a', mode => 'reject')")
                #expect(error.sqlState == QueueSQLState.conflict && error.message.contains("\(first)"))
                #expect(try await queue.enqueue(#"'k', '{"n": 2}', key => 'a'"#) == first)
                #expect(try await queue.job("a", "state, args, dirty") == #"\#(state) {"n": 1} f"#)
                if state == "ready" { _ = try await queue.lease(worker) }
            }
            _ = try await queue.fold(worker)
            #expect(try await queue.job("a", "state, dirty") == "running f", "kept, not woken")
            #expect(try await queue.enqueue("'other', key => 'a', mode => 'reject'") != first, "keys are of a kind")
        }
    }

    @Test func aReplacementGivesAWaitingJobItsArgsAndTime() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let first = try await queue.enqueue(#"'k', '{"n": 1}', key => 'a', delay => interval '1 h'"#)
            let second = try await queue.enqueue(
                #"'k', '{"n": 2}', key => 'a', mode => 'replace', delay => interval '1 min'"#)
            #expect(second == first)
            #expect(try await queue.claimed(worker).isEmpty)
            #expect(
                try await queue.job("a", "args, run_at < converged.now() + interval '2 min', run_at > converged.now()")
                    == #"{"n": 2} t t"#)
            try await moveClock(of: queue.admin, by: .seconds(61))
            #expect(try await queue.lease(worker).args == #"{"n": 2}"#)
        }
    }

    @Test func aReplacedRunningJobRunsAgainWithTheNewArgs() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            _ = try await queue.enqueue(#"'k', '{"n": 1}', key => 'a'"#)
            let lease = try await queue.lease(worker)
            #expect(try await queue.enqueue(#"'k', '{"n": 2}', key => 'a', mode => 'replace'"#) == lease.job)
            _ = try await queue.fold(worker)
            #expect(try await queue.job("a", "state, dirty, args") == #"running t {"n": 2}"#)
            #expect(try await queue.finish(lease, .settled) == .due)
            #expect(try await queue.lease(worker).args == #"{"n": 2}"#)
        }
    }

    @Test func aWakeEndsTheWaitAndARunIsFollowedByAnother() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            _ = try await queue.enqueue(#"'k', '{"n": 1}', key => 'a', delay => interval '1 h'"#)
            _ = try await queue.enqueue(#"'k', '{"n": 2}', key => 'a', mode => 'wake'"#)
            let lease = try await queue.lease(worker)
            #expect(lease.args == #"{"n": 1}"#, "a wake leaves the args alone")
            _ = try await queue.enqueue("'k', key => 'a', mode => 'wake'")
            _ = try await queue.fold(worker)
            #expect(try await queue.job("a", "state, dirty") == "running t")
            #expect(try await queue.finish(lease, .settled) == .due)
        }
    }

    /// The present job ends between the refusal by the index and the look at it.
    @Test func aJobThatEndsMeanwhileDoesNotSwallowTheNext() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            _ = try await queue.enqueue("'k', key => 'a'")
            let lease = try await queue.lease(worker)
            try await queue.admin.script(
                """
                create function hold() returns trigger language plpgsql as
                    $$ begin perform pg_advisory_xact_lock_shared(7); return null; end $$;
                create trigger hold after insert on converged.jobs for each statement execute function hold();
                """)
            var second: Int64?
            try await queue.acting(as: "converged_web") { web in
                let enqueuing = try await queue.admin.transaction { holder in
                    try await holder.query("select pg_advisory_xact_lock(7)")
                    let task = Task { try await web.query("select converged.enqueue('k', key => 'a')") }
                    try await eventually("the enqueuer has met the present job") {
                        try await queue.scalar(
                            "select count(*) from pg_locks where locktype = 'advisory' and not granted")
                            == 1
                    }
                    #expect(try await queue.finish(lease, .settled) == nil)
                    return task
                }
                second = try await enqueuing.value.scalar()
            }
            #expect(try #require(second) != lease.job)
            #expect(try await queue.claimed(worker) == ["a"])
        }
    }

    // MARK: Open transactions

    @Test func anOpenTransactionWithAKeyHoldsUpNoWorker() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.acting(as: "converged_web") { web in
                try await web.transaction { open in
                    try await open.query("select converged.enqueue('k', key => 'taken')")
                    for key in ["taken", "free"] { try await queue.wake(key) }
                    let claim = try await queue.claim(worker)
                    #expect(claim.leases.map(\.lease.key) == ["free"])
                    #expect(claim.leftBehind == 1)
                }
            }
            #expect(try await queue.claimed(worker) == ["taken"])
            #expect(try await queue.scalar("select count(*) from converged.wakes") == 0)
        }
    }

    @Test func anOpenRetryOfADeadKeyHoldsUpNoWorker() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            _ = try await queue.enqueue("'k', key => 'dead', max_attempts => 1")
            let lease = try await queue.lease(worker)
            #expect(try await queue.finish(lease, .retry, after: .zero) == .dead)
            try await queue.acting(as: "converged_operator") { person in
                try await person.transaction { open in
                    try await open.query("select converged.retry(\(lease.job))")
                    for key in ["dead", "free"] { try await queue.wake(key) }
                    #expect(try await queue.claimed(worker) == ["free"])
                }
            }
            #expect(try await queue.claimed(worker) == ["dead"])
        }
    }
}
