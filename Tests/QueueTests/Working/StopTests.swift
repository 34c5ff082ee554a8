import Postgres
import Support
import Synchronization
import Testing

@testable import Queue

/// Ends that come from outside: the stop of the worker, its deadline for a run, the operator.
@Suite(.timeLimit(.minutes(5))) struct StopTests {
    @Test func aSoftStopWaitsForWhatRuns() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let gate = Gate()
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.key ?? "")
                try await gate.pass()
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind])
            let task = Task { try await worker.run() }
            try await queue.wake("a")
            #expect(await notes.next() == "a")
            task.cancel()
            // A claim that was under way when the stop came may still bring a lease.
            try await eventually("no claim is under way") {
                worker.ledger.withLock { $0.isStopping && $0.turning == 0 }
            }
            try await queue.wake("b")
            gate.open()
            try await task.value
            #expect(try await queue.history("a") == ["settled"])
            #expect(
                try await queue.scalar("select count(*) from converged.wakes where key = 'b'") == 1, "no new leases")
            #expect(try await queue.scalar("select count(*) from converged.workers") == 0)
        }
    }

    @Test func whatDoesNotEndInTimeIsHandedBackUncounted() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let gate = Gate()
            let deaf = Gate()
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.key ?? "")
                if lease.key == "deaf" {
                    await Task { try? await deaf.pass() }.value
                } else {
                    try await gate.pass()
                }
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) {
                $0.grace = .milliseconds(50)
                $0.cancelGrace = .seconds(2)
            }
            let task = Task { try await worker.run() }
            for key in ["polite", "deaf"] { try await queue.wake(key) }
            #expect(await notes.take(2).sorted() == ["deaf", "polite"])
            task.cancel()
            try await task.value
            for key in ["polite", "deaf"] {
                #expect(
                    try await queue.job(key, "state, attempt, run_at <= converged.now(), worker, fence") == "ready 0 t")
            }
            #expect(worker.counters().finished["returned"] ?? 0 >= 2)
            #expect(try await queue.scalar("select count(*) from converged.job_errors") == 0)
            deaf.open()
        }
    }

    @Test func anAttemptEndsAtItsDeadline() async throws {
        try await QueueBench.with { queue in
            let gate = Gate()
            let kind = JobKind(
                name: "k", deadline: .milliseconds(50), backoff: Backoff(base: .seconds(600), cap: .seconds(600))
            ) { _ in
                try await gate.pass()
                return Verdict(.settled(next: nil))
            }
            try await queue.running(queue.worker("w", [kind])) {
                try await queue.wake("a")
                try await eventually("it failed") { try await queue.job("a", "state, attempt") == "ready 1" }
            }
            let message: String = try await queue.scalar("select message from converged.job_errors")
            #expect(message.contains("the deadline of 0.05 seconds passed"))
        }
    }

    @Test func aHandlerThatIgnoresItsDeadlineIsReported() async throws {
        try await QueueBench.with { queue in
            let deaf = Gate()
            let kind = JobKind(name: "k", deadline: .milliseconds(20)) { _ in
                await Task { try? await deaf.pass() }.value
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) { $0.cancelGrace = .milliseconds(20) }
            try await queue.running(worker) {
                try await queue.wake("a")
                try await eventually("it is overdue") { worker.progress().overdue == ["k/a"] }
                deaf.open()
                // It was slow, but it has done its work: the result counts.
                try await eventually("it is settled") { try await queue.history("a") == ["settled"] }
                #expect(worker.progress().overdue.isEmpty)
            }
        }
    }

    @Test func anOperatorStopsARunningJob() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let gate = Gate()
            let kind = JobKind(name: "k") { lease in
                notes.add("\(lease.job)")
                try await gate.pass()
                return Verdict(.settled(next: nil))
            }
            try await queue.running(queue.worker("w", [kind]) { $0.heartbeatInterval = .milliseconds(50) }) {
                try await queue.wake("a")
                let job = try #require(await notes.next().flatMap { Int64($0) })
                try await queue.admin.query("select converged.cancel(\(job))")
                try await eventually("it is cancelled") { try await queue.history("a") == ["cancelled"] }
                #expect(try await queue.job("a", "id") == nil)
            }
        }
    }

    @Test func aDrainingWorkerLeasesNothingUntilItMay() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.key ?? "")
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) { $0.heartbeatInterval = .milliseconds(50) }
            try await queue.running(worker) {
                try await eventually("it is registered") { worker.progress().lastHeartbeat != nil }
                try await queue.admin.query("update converged.workers set draining = true")
                try await eventually("it has heard of it") { worker.ledger.withLock(\.isDraining) }
                try await queue.wake("a")
                #expect(try await queue.waiting("a") == 1)
                try await queue.admin.query("update converged.workers set draining = false")
                #expect(await notes.next() == "a")
            }
        }
    }

    @Test func aWorkerWithoutItsSchemaSaysSo() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open()
        let queue = QueueBench(test: test, admin: database, daemon: database)
        let error = try await #require(throws: PostgresError.self) { try await queue.worker("w", []).run() }
        #expect(error.sqlState == "42P01" || error.sqlState == "3F000")
        await database.close()
        try await test.drop()
    }
}

extension QueueBench {
    /// Wakes and ready jobs of a key. A round trip that was under way may still have folded the wake.
    fileprivate func waiting(_ key: String) async throws -> Int {
        try await scalar(
            """
            select (select count(*) from converged.wakes where key = \(key))
                + (select count(*) from converged.jobs where key = \(key) and state = 'ready')
            """)
    }
}
