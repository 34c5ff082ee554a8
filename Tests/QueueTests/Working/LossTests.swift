import Postgres
import Support
import Testing

@testable import Queue

/// The database goes away, in whole or in part.
@Suite(.timeLimit(.minutes(5))) struct LossTests {
    @Test func cutConnectionsLoseNoJob() async throws {
        try await QueueBench.with { queue in
            try await queue.admin.script(InterleavingTests.ledger)
            let kind = JobKind(
                name: "k", concurrency: 20, backoff: Backoff(base: .milliseconds(5), cap: .milliseconds(20))
            ) {
                lease in
                // The run's own writes are part of its end: they are there once, or it runs again.
                let write: SQL = "insert into runs (key, seen, worker) values (\(lease.key ?? ""), 0, 'w')"
                return lease.job % 2 == 0
                    ? Verdict(.settled(next: nil), writes: [write]) : Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) { $0.heartbeatInterval = .milliseconds(200) }
            let total = 1_500
            try await queue.running(worker) {
                try await queue.admin.query(
                    """
                    insert into converged.wakes (kind, key, urgent, at)
                    select 'k', n::text, true, now() from generate_series(1, \(total)) n
                    """)
                for round in 1...8 {
                    try await eventually("round \(round) has made progress", within: .seconds(30)) {
                        let done: Int = try await queue.retrying(
                            "select count(*) from converged.job_history where kind = 'k'")
                        return done >= total * round / 10
                    }
                    try await queue.test.terminateSessions()
                }
                try await eventually("all have run", within: .seconds(30)) {
                    try await queue.retrying(
                        "select (select count(*) from converged.jobs where kind = 'k') + (select count(*) from converged.wakes)"
                    ) == 0
                }
            }
            let keys: Int = try await queue.retrying(
                "select count(distinct key) from converged.job_history where kind = 'k'")
            #expect(keys == total, "every key was settled")
            let ends: Int = try await queue.retrying("select count(*) from converged.job_history where kind = 'k'")
            #expect(ends == total, "and none was settled twice")
            let written: Int = try await queue.retrying("select count(*) from runs")
            let expected: Int = try await queue.retrying(
                "select count(*) from converged.job_history where kind = 'k' and job % 2 = 0")
            #expect(written == expected, "writes come with the end of their run, once")
        }
    }

    @Test func aWorkerThatCannotProveItsLifeStopsItsRuns() async throws {
        // Durable, or the crash takes the latest commits with it.
        let cluster = try await TestCluster.make(durable: true)
        let test = try await TestDatabase.make(on: cluster)
        let queue = QueueBench(test: test, admin: test.open(), daemon: test.open(role: "converged_daemon"))
        let notes = Notes()
        let gate = Gate()
        let kind = JobKind(name: "k") { lease in
            notes.add("begin")
            do { try await gate.pass() } catch { notes.add("cancelled") }
            try Task.checkCancellation()
            return Verdict(.settled(next: nil))
        }
        let worker = queue.worker("w", [kind]) {
            $0.heartbeatInterval = .milliseconds(100)
            $0.lapseAfter = .milliseconds(800)
            $0.deadAfter = .milliseconds(1_000)
            $0.rescueInterval = .milliseconds(100)
        }
        try await queue.running(worker) {
            try await queue.wake("a")
            #expect(await notes.next() == "begin")
            await cluster.halt(.immediate)
            #expect(await notes.next() == "cancelled", "with the database away, by its own clock")
            #expect(worker.counters().lapses >= 1)
            try await cluster.start()
            #expect(await notes.next() == "begin", "its own job is rescued by its next life")
            gate.open()
            try await eventually("it is settled", within: .seconds(20)) {
                try await queue.retrying("select count(*) from converged.job_history where key = 'a' and attempts = 1")
                    == 1
            }
            try await eventually("the rescue is counted") { worker.counters().rescued >= 1 }
        }
        await queue.admin.close(grace: .zero)
        await queue.daemon.close(grace: .zero)
        await cluster.halt(.immediate)
    }

    @Test func aWorkerTakenForDeadStartsOver() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.key ?? "")
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) { $0.heartbeatInterval = .milliseconds(100) }
            try await queue.running(worker) {
                try await queue.wake("a")
                #expect(await notes.next() == "a")
                try await eventually("it is settled") { try await queue.history("a") == ["settled"] }
                // With a job that nobody could ever finish: its worker's row is gone.
                let gone = try await queue.register("gone")
                try await queue.admin.batch([
                    "delete from converged.workers",
                    """
                    insert into converged.jobs
                        (kind, queue, key, state, priority, run_at, rank, fence, worker, woken_at, created_at)
                    values ('k', 'default', 'c', 'running', 0, now(), now(), -1, \(gone), now(), now())
                    """,
                    "select converged.wake('k', 'b', true)",
                ])
                #expect(await notes.take(2).sorted() == ["b", "c"])
            }
            #expect(worker.counters().lapses == 1)
            #expect(try await queue.scalar("select count(*) from converged.workers") == 0)
        }
    }

    @Test func theJobsOfAKilledWorkerRunElsewhere() async throws {
        try await QueueBench.with { queue in
            let killed = try await queue.register("killed")
            try await queue.wake("a")
            _ = try await queue.lease(killed)
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                notes.add("\(lease.key ?? "") \(lease.attempt)")
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) { $0.rescueInterval = .milliseconds(100) }
            try await queue.running(worker) {
                try await eventually("it is registered") { worker.progress().lastHeartbeat != nil }
                try await moveClock(of: queue.admin, by: .seconds(11))
                #expect(await notes.next() == "a 0")
                try await eventually("the rescue is counted") { worker.counters().rescued == 1 }
            }
            #expect(try await queue.scalar("select count(*) from converged.workers") == 0)
        }
    }
}

extension QueueBench {
    /// A look that outlives the cut of its own connection.
    func retrying(_ sql: SQL) async throws -> Int {
        var value: Int?
        try await eventually("the database answers") {
            do { value = try await scalar(sql) } catch let error as PostgresError where error.isRetryable {}
            return value != nil
        }
        return try #require(value)
    }
}
