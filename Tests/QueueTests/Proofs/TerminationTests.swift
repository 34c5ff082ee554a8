import Postgres
import Support
import Testing

@testable import Queue

/// An operator, or a fail-over, ends the sessions of the workers in the middle of what they do.
@Suite(.timeLimit(.minutes(5))) struct TerminationTests {
    /// Ends one session of the workers, or all of them, at random moments. Returns how many it ended.
    static func terminate(_ queue: QueueBench, times: Int, _ random: SharedSeed) async throws -> Int {
        var ended = 0
        for _ in 0..<times {
            try await Task.sleep(for: .milliseconds(random.next(below: 120)))
            let most = random.next(below: 4) == 0 ? 100 : 1
            ended += try await queue.scalar(
                """
                select count(*) filter (where pg_terminate_backend(pid)) from (
                    select pid from pg_stat_activity
                    where datname = current_database() and usename = 'converged_daemon'
                    order by hashint4extended(pid, \(random.next(below: 1_000_000))) limit \(most)) as victims
                """)
        }
        return ended
    }

    /// A web app that touches one of few keys and wakes it, in one transaction, until its task is cancelled.
    static func wakeHotKeys(_ queue: QueueBench, _ random: SharedSeed) async throws {
        while !Task.isCancelled {
            let key = "\(random.next(below: 5))"
            _ = try await Task {
                try await queue.admin.batch([
                    "insert into touches values (\(key))", "select converged.wake('hot', \(key), true)",
                ])
            }.value
            try? await Task.sleep(for: .milliseconds(random.next(below: 20)))
        }
    }

    @Test func sessionsThatAreEndedInMidBatchLoseNothing() async throws {
        var seed = Seed()
        let (ending, working, waking) = (SharedSeed(seed.next()), SharedSeed(seed.next()), SharedSeed(seed.next()))
        try await QueueBench.with { queue in
            try await queue.admin.script("create table touches (key text not null)")
            let load = Load(queue: queue, random: working)
            let hot = JobKind(name: "hot", backoff: Backoff(base: .milliseconds(5), cap: .milliseconds(20))) { lease in
                try await load.record.during(lease) {
                    let key = lease.key ?? ""
                    // Over sessions that nobody ends.
                    let touches: Int = try await queue.scalar("select count(*) from touches where key = \(key)")
                    try await Task.sleep(for: .milliseconds(working.next(below: 10)))
                    load.record.see(key, touches)
                    return Verdict(.settled(next: nil))
                }
            }
            let databases = (0..<2).map { _ in queue.test.open(role: "converged_daemon") { $0.maxConnections = 4 } }
            let workers = databases.enumerated().map { index, database in
                load.worker("w\(index)", [hot], on: database)
            }
            try await queue.running(workers[0], workers[1]) {
                let ids = try await load.enqueue()
                let waker = Task { try await Self.wakeHotKeys(queue, waking) }
                let ended = try await Self.terminate(queue, times: 60, ending)
                waker.cancel()
                try await waker.value
                #expect(ended > 30)
                try await load.waitForEnd(of: ids)
                try await eventually("every wake is done with", within: .seconds(30)) {
                    try await queue.scalar(
                        """
                        select (select count(*) from converged.jobs where kind = 'hot')
                            + (select count(*) from converged.wakes where kind = 'hot')
                        """) == 0
                }
                try await load.check(ids)
                let touched = try await queue.admin.query("select key, count(*) from touches group by key")
                    .decode((String, Int).self)
                #expect(touched.count == 5)
                for (key, touches) in touched { #expect(load.record.seen(key) == touches, "the last touch of \(key)") }
            }
            for database in databases { await database.close() }
        }
    }
}
