import Foundation
import Postgres
import Support
import Synchronization
import Testing

@testable import Queue

/// Many wakers, three workers, few keys: what holds in every interleaving. The ledger stands outside of the queue.
@Suite(.timeLimit(.minutes(5))) struct InterleavingTests {
    static let ledger = """
        create table touches (key text not null);
        create table runs (id bigserial primary key, key text not null, seen bigint not null, worker text not null);
        create table active (key text primary key);
        create table doubles (key text);
        grant all on touches, runs, active, doubles to converged_daemon;
        grant all on sequence runs_id_seq to converged_daemon;
        """

    /// Writes down that a run began, what it saw, and whether another run of the key was under way.
    static func begin(_ database: Database, _ key: String, _ worker: String) async throws {
        let entered = try await database.batch([
            "insert into active values (\(key)) on conflict do nothing",
            """
            insert into runs (key, seen, worker)
            values (\(key), (select count(*) from touches where key = \(key)), \(worker))
            """,
        ])
        if entered[0].affected == 0 { try await database.query("insert into doubles values (\(key))") }
    }

    static func kind(_ database: Database, _ worker: String, seed: UInt64) -> JobKind {
        let random = SharedSeed(seed)
        return JobKind(
            name: "k", concurrency: 4, backoff: Backoff(base: .milliseconds(20), cap: .milliseconds(40))
        ) { lease in
            let key = lease.key ?? ""
            try await begin(database, key, worker)
            try await Task.sleep(for: .milliseconds(random.next(below: 6)))
            // Gone before the lease is: the next run may begin the moment that this one has ended.
            try await database.query("delete from active where key = \(key)")
            switch random.next(below: 5) {
            case 0: return Verdict(.again(after: .milliseconds(random.next(below: 20))))
            case 1: return Verdict(.retry(because: "by chance"))
            case 2: return Verdict(.settled(next: .seconds(600)))
            case 3: return Verdict(.settled(next: nil), writes: ["select 1"])
            default: return Verdict(.settled(next: nil))
            }
        }
    }

    /// One web session: touches a key and wakes it in one transaction, which now and then is rolled back.
    static func wakeAtRandom(_ database: Database, keys: Int, times: Int, seed: UInt64) async throws {
        struct Undo: Error {}
        let random = SharedSeed(seed)
        for _ in 0..<times {
            let key = "\(random.next(below: keys))"
            let urgent = random.next(below: 2) == 0
            let isUndone = random.next(below: 8) == 0
            do {
                try await database.transaction { web in
                    try await web.query("insert into touches values (\(key))")
                    try await web.query("select converged.wake('k', \(key), \(urgent))")
                    try await Task.sleep(for: .milliseconds(random.next(below: 3)))
                    if isUndone { throw Undo() }
                }
            } catch is Undo {}
            try await Task.sleep(for: .milliseconds(random.next(below: 4)))
        }
    }

    /// Keys whose last committed touch no run has seen.
    static let unseen: SQL = """
        select count(*) from (select key, count(*) as touched from touches group by key) t
        where touched > coalesce((select max(seen) from runs r where r.key = t.key), 0)
        """

    @Test func noWakeIsLostAndNoKeyRunsTwiceAtOnce() async throws {
        var seed = Seed()
        let (workerSeeds, wakerSeeds) = ((0..<3).map { _ in seed.next() }, (0..<6).map { _ in seed.next() })
        try await QueueBench.with { queue in
            try await queue.admin.script(Self.ledger)
            let databases = (0..<3).map { _ in queue.test.open(role: "converged_daemon") { $0.maxConnections = 4 } }
            let workers = zip(0..., databases).map { index, database in
                queue.worker("w\(index)", [Self.kind(database, "w\(index)", seed: workerSeeds[index])], on: database) {
                    // The second hears no hints at all.
                    $0.listens = index != 1
                    $0.pollInterval = .milliseconds(100)
                }
            }
            try await queue.running(workers[0], workers[1], workers[2]) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for wakerSeed in wakerSeeds {
                        group.addTask {
                            try await Self.wakeAtRandom(queue.admin, keys: 5, times: 60, seed: wakerSeed)
                        }
                    }
                    try await group.waitForAll()
                }
                try await eventually("every key's last wake was seen by a run", within: .seconds(30)) {
                    try await queue.scalar(Self.unseen) == 0
                }
            }
            #expect(try await queue.scalar("select count(*) from doubles") == 0, "two runs of one key at once")
            #expect(try await queue.scalar("select count(distinct worker) from runs") == 3)
            #expect(workers.allSatisfy { $0.counters().leaseLosses == 0 && $0.counters().lapses == 0 })
            for database in databases { await database.close() }
        }
    }
}

/// A seed that concurrent tasks share; the order in which they draw is the machine's.
final class SharedSeed: Sendable {
    private let seed: Mutex<Seed>
    init(_ value: UInt64) { seed = Mutex(Seed(value: value)) }
    func next(below bound: Int) -> Int { seed.withLock { Int.random(in: 0..<bound, using: &$0) } }
}
