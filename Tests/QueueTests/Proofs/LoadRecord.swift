import Postgres
import Support
import Synchronization
import Testing

@testable import Queue

/// What handlers of this process did, kept outside of any database: which jobs they began, and whether two of one key, or of
/// one job, were ever under way together.
final class LoadRecord: Sendable {
    private struct State {
        var begun: Set<Int64> = []
        var active: Set<String> = []
        var doubles: [String] = []
        var seen: [String: Int] = [:]
    }

    private let state = Mutex(State())

    var begun: Set<Int64> { state.withLock(\.begun) }
    var doubles: [String] { state.withLock(\.doubles) }

    /// The greatest number of touches that a run of the key has seen.
    func seen(_ key: String) -> Int { state.withLock { $0.seen[key] ?? 0 } }

    func see(_ key: String, _ touches: Int) { state.withLock { $0.seen[key] = max($0.seen[key] ?? 0, touches) } }

    func during<Value>(_ lease: Lease, _ body: () async throws -> Value) async rethrows -> Value {
        let name = "\(lease.kind)/\(lease.key ?? "#\(lease.job)")"
        state.withLock { state in
            state.begun.insert(lease.job)
            if !state.active.insert(name).inserted { state.doubles.append(name) }
        }
        defer { _ = state.withLock { $0.active.remove(name) } }
        return try await body()
    }
}

/// Five thousand jobs for two workers, half of them with a key; every third end is a transaction with a write of its own.
struct Load {
    static let count = 5_000
    let queue: QueueBench
    let record = LoadRecord()
    let random: SharedSeed

    func worker(_ name: String, _ kinds: [JobKind] = [], on database: Database? = nil) -> Worker {
        let kind = JobKind(
            name: "k", concurrency: 8, backoff: Backoff(base: .milliseconds(5), cap: .milliseconds(50))
        ) { lease in
            try await record.during(lease) { try await Task.sleep(for: .milliseconds(random.next(below: 20))) }
            let write: SQL = "insert into written values (\(lease.job))"
            return Verdict(.settled(next: nil), writes: lease.job % 3 == 0 ? [write] : [])
        }
        return queue.worker(name, [kind] + kinds, on: database) {
            $0.heartbeatInterval = .milliseconds(300)
            $0.rescueInterval = .milliseconds(500)
            $0.grace = .seconds(20)
        }
    }

    func enqueue() async throws -> [Int64] {
        try await queue.admin.script("create table written (job bigint); grant all on written to converged_daemon")
        return try await queue.acting(as: "converged_web") {
            try await $0.query(
                """
                select array_agg(converged.enqueue('k', key => case when n % 2 = 0 then n::text end))
                from generate_series(1, \(Self.count)) n
                """
            ).scalar()
        }
    }

    func ended() async throws -> Int {
        try await queue.retrying("select count(*) from converged.job_history where kind = 'k'")
    }

    func waitForEnd(of ids: [Int64]) async throws {
        try await eventually("all jobs have ended", within: .seconds(60)) { try await ended() >= ids.count }
    }

    /// What must hold of them when nothing is left to do.
    func check(_ ids: [Int64]) async throws {
        #expect(Set(ids).count == Self.count)
        let once = try await queue.retrying(
            """
            select count(*) from unnest(\(ids)::bigint[]) as id
            where (select array_agg(outcome) from converged.job_history where job = id) = '{settled}'
            """)
        #expect(once == ids.count, "each is in the history once, as settled")
        #expect(try await ended() == ids.count, "and nothing else is")
        #expect(try await queue.retrying("select count(*) from converged.jobs where kind in ('k', 'hot')") == 0)
        #expect(record.begun.isSuperset(of: ids), "each was begun")
        #expect(record.doubles == [], "no key and no job ran twice at once")
        let written = try await queue.retrying("select count(*) from written")
        #expect(written == ids.filter { $0 % 3 == 0 }.count, "what an end writes is there with it")
        #expect(try await queue.retrying("select count(distinct job) from written") == written, "and once")
    }
}
