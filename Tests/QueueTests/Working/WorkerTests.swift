import Postgres
import Support
import Synchronization
import Testing

@testable import Queue

/// A worker from the wake to the row.
@Suite(.timeLimit(.minutes(5))) struct WorkerTests {
    @Test func aWakeStartsARunAndItsEndIsRecorded() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                notes.add("\(lease.name) \(lease.attempt) \(lease.priority)")
                return Verdict(.settled(next: nil), output: #"{"done": true}"#)
            }
            let worker = queue.worker("w", [kind])
            try await queue.running(worker) {
                try await queue.wake("a")
                #expect(await notes.next() == "k/a 0 0")
                try await eventually("the run is recorded") { try await queue.history("a") == ["settled"] }
                try await queue.wake("a")
                #expect(await notes.next() == "k/a 0 0")
            }
            #expect(try await queue.history("a") == ["settled", "settled"])
            #expect(try await queue.scalar("select count(*) from converged.jobs where kind = 'k'") == 0)
            #expect(try await queue.scalar("select count(*) from converged.workers") == 0, "its row went with it")
            let counters = worker.counters()
            #expect(counters.finished["settled"] ?? 0 >= 2 && counters.leaseLosses == 0 && counters.lapses == 0)
            #expect(counters.pickUp.count == counters.claimed)
        }
    }

    @Test func withoutListenThePollFindsIt() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.name)
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) {
                $0.listens = false
                $0.pollInterval = .milliseconds(50)
            }
            try await queue.running(worker) {
                try await queue.wake("a")
                #expect(await notes.next() == "k/a")
            }
        }
    }

    @Test func aVerdictAndItsWritesAreOneTransaction() async throws {
        try await QueueBench.with { queue in
            try await queue.admin.script(
                "create table facts (key text primary key, fact text not null); grant all on facts to converged_daemon")
            let kind = JobKind(name: "k", backoff: Backoff(base: .seconds(600), cap: .seconds(600))) { lease in
                let key = lease.key ?? ""
                let fact: SQL = "insert into facts values (\(key), 'first')"
                if key == "good" { return Verdict(.settled(next: nil), writes: [fact]) }
                // The second write is refused: the first must not stay.
                return Verdict(.settled(next: nil), writes: [fact, "insert into facts values ('x', null)"])
            }
            try await queue.running(queue.worker("w", [kind])) {
                try await queue.wake("good")
                try await queue.wake("bad")
                try await eventually("the good one is settled") { try await queue.history("good") == ["settled"] }
                try await eventually("the bad one is in back-off") {
                    try await queue.job("bad", "state, attempt") == "ready 1"
                }
            }
            let facts: [String] = try await queue.admin.query("select key from facts").column(0)
            #expect(facts == ["good"])
            let message: String = try await queue.scalar("select message from converged.job_errors")
            #expect(message.contains("null value in column"))
        }
    }

    @Test func aLostLeaseWritesNothing() async throws {
        try await QueueBench.with { queue in
            try await queue.admin.script("create table facts (fact text); grant all on facts to converged_daemon")
            let notes = Notes()
            let gate = Gate()
            let kind = JobKind(name: "k") { lease in
                notes.add("\(lease.fence)")
                try await gate.pass()
                return Verdict(.settled(next: nil), writes: ["insert into facts values (\("fence \(lease.fence)"))"])
            }
            let worker = queue.worker("w", [kind])
            try await queue.running(worker) {
                try await queue.wake("a")
                let first = await notes.next()
                // Somebody took the job back while the handler was at work.
                try await queue.admin.query(
                    "update converged.jobs set state = 'ready', fence = null, worker = null where key = 'a'")
                try await queue.wake("b", kind: "nobody's")
                try await queue.wake("a", urgent: false)
                let second = await notes.next()
                #expect(first != second)
                gate.open(2)
                try await eventually("one of them is settled") { try await queue.history("a") == ["settled"] }
                try await eventually("the other is refused") { worker.counters().leaseLosses == 1 }
                let facts: [String] = try await queue.admin.query("select fact from facts").column(0)
                #expect(facts == ["fence \(second ?? "")"])
            }
        }
    }

    @Test func anErrorIsARetryWithItsDescription() async throws {
        struct Broken: Error, CustomStringConvertible { let description = "the host did not answer\0" }
        try await QueueBench.with { queue in
            let kind = JobKind(
                name: "k", backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(1)), maxAttempts: 3
            ) { _ in
                throw Broken()
            }
            let worker = queue.worker("w", [kind])
            try await queue.running(worker) {
                try await queue.wake("a")
                try await eventually("it is dead") { worker.counters().finished["dead"] == 1 }
            }
            let attempts: [Int] = try await queue.admin.query(
                "select attempt from converged.job_errors order by attempt"
            )
            .column(0)
            #expect(attempts == [1, 2, 3])
            #expect(try await queue.scalar("select message from converged.dead_jobs") == "the host did not answer")
        }
    }

    @Test func lookingAgainIsOnTimeAndCountsAsNoAttempt() async throws {
        try await QueueBench.with { queue in
            let runs = Counter()
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                runs.add()
                if runs.value < 5 { return Verdict(.again(after: .milliseconds(20))) }
                notes.add("\(lease.attempt)")
                return Verdict(.settled(next: .seconds(600)))
            }
            // With a poll that comes too late for the test, the timer alone must bring it.
            let worker = queue.worker("w", [kind]) { $0.pollInterval = .seconds(3_600) }
            try await queue.running(worker) {
                try await queue.wake("a")
                #expect(await notes.next() == "0")
                try await eventually("it waits for its resync") {
                    try await queue.job("a", "state, priority, run_at > converged.now() + interval '9 min'")
                        == "ready 8 t"
                }
            }
        }
    }

    @Test func resultsThatPostgresRefusesHoldNobodyUp() async throws {
        try await QueueBench.with { queue in
            let gate = Gate()
            let kind = JobKind(name: "k", backoff: Backoff(base: .seconds(600), cap: .seconds(600))) { lease in
                try await gate.pass()
                return Verdict(.settled(next: nil), output: lease.key == "bad" ? "{no json" : "{}")
            }
            try await queue.running(queue.worker("w", [kind])) {
                for key in ["1", "bad", "2", "3"] { try await queue.wake(key) }
                gate.open(4)
                for key in ["1", "2", "3"] {
                    try await eventually("\(key) is settled") { try await queue.history(key) == ["settled"] }
                }
                try await eventually("the bad one failed") { try await queue.job("bad", "state, attempt") == "ready 1" }
            }
        }
    }

    @Test func upkeepComesByItself() async throws {
        try await QueueBench.with { queue in
            try await queue.admin.script(
                """
                insert into converged.dead_jobs (id, kind, queue, priority, attempts, message, created_at, died_at)
                values (1, 'k', 'default', 0, 1, '', now(), now() - interval '91 days'),
                    (2, 'k', 'default', 0, 1, '', now(), now() - interval '20 days');
                update converged.partitioned set retention_days = 1;
                update converged.clock set shift = '40 days';
                """)
            let partitions: SQL =
                "select count(*) from pg_class where relname ~ '^job_history_[0-9]{8}$' and relkind = 'r'"
            #expect(try await queue.scalar(partitions) == 8)
            try await queue.running(queue.worker("w", [])) {
                try await eventually("upkeep is done") { try await queue.history("partitions") == ["settled"] }
                #expect(try await queue.scalar("select array_agg(id)::text from converged.dead_jobs") == "{2}")
                let kept: Int = try await queue.scalar(
                    "select count(*) from pg_class where relname = 'job_history_' || to_char(converged.now(), 'YYYYMMDD')"
                )
                #expect(kept == 1)
                #expect(try await queue.job("partitions", "run_at > converged.now() + interval '50 min'") == "t")
            }
        }
    }
}
