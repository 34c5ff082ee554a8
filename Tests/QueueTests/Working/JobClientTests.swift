import Foundation
import Postgres
import Support
import Testing

@testable import Queue

/// The queue's client in Swift says the same as plain SQL.
@Suite(.timeLimit(.minutes(5))) struct JobClientTests {
    private static let columns = """
        concat_ws('|', kind, queue, key, state, priority, round(extract(epoch from run_at - created_at)),
            round(extract(epoch from rank - run_at)), max_attempts, lane, args)
        """

    @Test func aCopyIsWhatAnEnqueueIs() async throws {
        try await QueueBench.with { queue in
            let kind = JobKind(name: "known", queue: "own", maxAttempts: 5) { _ in Verdict(.settled(next: nil)) }
            try await queue.daemon.batch(JobKind.registration([kind]))
            let jobs = [
                NewJob(kind: "known"), NewJob(kind: "known", args: #"{"text": "tab\t \\ back\"slash\nline ü"}"#),
                NewJob(kind: "other", args: "{}", priority: 0, delay: .seconds(90), maxAttempts: 3, lane: "l\t1"),
                NewJob(kind: "other", queue: "own", priority: 8), NewJob(kind: "other", queue: "own", priority: 8),
                NewJob(kind: "other", runAt: Date(timeIntervalSince1970: 1_000_000_000)),
            ]
            let client = JobClient(database: queue.daemon)
            let ids = try await client.enqueue(jobs)
            #expect(ids.count == jobs.count)
            let all: SQL = "select \(raw: Self.columns) from converged.jobs order by id"
            let enqueued: [String] = try await queue.admin.query(all).column(0)
            try await queue.admin.query("delete from converged.jobs")
            try await client.copy(jobs)
            let copied: [String] = try await queue.admin.query(all).column(0)
            // A time in the past counts from the moment of the call, which is another one.
            #expect(copied.dropLast() == enqueued.dropLast() && copied.count == jobs.count)
            #expect(copied[2] == #"other|default|ready|0|90|0|3|l"# + "\t" + "1|{}")
        }
    }

    @Test func keysModesAndNeedsGoThroughEnqueue() async throws {
        try await QueueBench.with { queue in
            let client = JobClient(database: queue.daemon)
            let first = try await client.enqueue(NewJob(kind: "k", key: "a"))
            #expect(try await client.enqueue(NewJob(kind: "k", key: "a")) == first)
            let taken = await #expect(throws: PostgresError.self) {
                try await client.enqueue([NewJob(kind: "k"), NewJob(kind: "k", key: "a", mode: .reject)])
            }
            #expect(taken?.sqlState == QueueSQLState.conflict && taken?.message.contains("job 2 of 2") == true)
            try await client.enqueue(NewJob(kind: "k", key: "next", needs: [first]))
            #expect(try await queue.job("next", "state") == "waiting")
            #expect(try await queue.scalar("select count(*) from converged.jobs") == 2, "nothing half-enqueued")
        }
    }

    @Test func oneBadJobOfManyCopiesNone() async throws {
        try await QueueBench.with { queue in
            let client = JobClient(database: queue.daemon)
            let bad: [NewJob] = [
                NewJob(kind: ""), NewJob(kind: String(repeating: "k", count: 101)), NewJob(kind: "k", args: "[1]"),
                NewJob(kind: "k", args: #"{"a": "\#(String(repeating: "x", count: 70_000))"}"#),
                NewJob(kind: "k", key: "a"), NewJob(kind: "k", mode: .wake), NewJob(kind: "k", queue: "nowhere"),
                NewJob(kind: "k", priority: 9), NewJob(kind: "k", delay: .seconds(-1)),
                NewJob(kind: "k", runAt: .now, delay: .seconds(1)), NewJob(kind: "k", runAt: .distantFuture),
                NewJob(kind: "k", maxAttempts: 0), NewJob(kind: "k", lane: ""), NewJob(kind: "k", needs: [1]),
                NewJob(kind: "k\0"),
            ]
            for job in bad {
                let refusal = await #expect(throws: JobRefused.self) {
                    try await client.copy([NewJob(kind: "k"), job])
                }
                #expect(refusal?.place == 2, "\(refusal?.description ?? "")")
            }
            await #expect(throws: JobRefused.self) {
                try await client.copy(Array(repeating: NewJob(kind: "k"), count: JobClient.mostCopied + 1))
            }
            let broken = await #expect(throws: PostgresError.self) {
                try await client.copy([NewJob(kind: "k"), NewJob(kind: "k", args: "{no json}")])
            }
            #expect(broken?.sqlState == "22P02")
            let left: Int = try await queue.scalar("select count(*) from converged.jobs")
            #expect(left == 0)
        }
    }

    @Test func anIdleWorkerHearsOfCopiedJobs() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.args ?? "")
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) { $0.pollInterval = .seconds(3_600) }
            try await queue.running(worker) {
                try await eventually("it is idle") { worker.counters().finished["settled"] ?? 0 >= 1 }
                try await JobClient(database: queue.daemon).copy([NewJob(kind: "k", args: #"{"n": 1}"#)])
                #expect(await notes.next() == #"{"n": 1}"#)
            }
        }
    }
}
