import Postgres
import Support
import Testing

@testable import Queue

/// Limits hold over all daemons together, exactly.
@Suite(.timeLimit(.minutes(5))) struct LimitTests {
    static let other = JobKind(name: "m") { _ in Verdict(.settled(next: nil)) }

    func fill(_ queue: QueueBench, _ kind: String, _ count: Int, lane: String? = nil) async throws {
        try await queue.admin.query(
            "select count(converged.enqueue(\(kind), lane => \(lane))) from generate_series(1, \(count))")
    }

    /// What runs, by `columns`, as the table says after a commit.
    func mostRunning(_ queue: QueueBench, by columns: String) async throws -> Int {
        try await queue.scalar(
            """
            select coalesce(max(count), 0) from (
                select count(*) from converged.jobs where state = 'running' group by \(raw: columns)) as groups
            """)
    }

    /// Four workers claim and finish at once; after every claim `look` reads the table. The most that it ever said.
    func race(
        _ queue: QueueBench, _ kinds: [JobKind], look: @escaping @Sendable () async throws -> [Int]
    ) async throws -> [Int] {
        var seed = Seed()
        return try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<4 {
                let random = SharedSeed(seed.next())
                let worker = try await queue.register()
                group.addTask {
                    var most: [Int] = []
                    var held: [Lease] = []
                    for _ in 0..<25 {
                        held += try await queue.claim(
                            worker, kinds, limits: kinds.map { _ in 1 + random.next(below: 5) }
                        )
                        .leases.map(\.lease)
                        let now = try await look()
                        most = most.isEmpty ? now : zip(most, now).map(max)
                        while held.count > random.next(below: 3) {
                            try await queue.finish(held.removeFirst(), .settled)
                        }
                    }
                    for lease in held { try await queue.finish(lease, .settled) }
                    return most
                }
            }
            return try await group.reduce(into: [Int]()) { $0 = $0.isEmpty ? $1 : zip($0, $1).map(max) }
        }
    }

    @Test func fourWorkersNeverRunMoreThanAKindAndItsQueueMay() async throws {
        try await QueueBench.with { queue in
            try await fill(queue, "k", 300)
            try await fill(queue, "m", 300)
            _ = try await queue.operate("select converged.set_limit('kind', 'k', max_running => 3)")
            _ = try await queue.operate("select converged.set_limit('queue', 'default', max_running => 7)")
            let most = try await race(queue, [QueueBench.plain, Self.other]) {
                [
                    try await queue.scalar(
                        "select count(*) from converged.jobs where state = 'running' and kind = 'k'"),
                    try await mostRunning(queue, by: "queue"),
                ]
            }
            #expect(most == [3, 7], "never more, and used up")
            #expect(try await queue.scalar("select count(*) from converged.jobs where state = 'running'") == 0)
        }
    }

    @Test func fourWorkersNeverRunMoreThanALaneMay() async throws {
        try await QueueBench.with { queue in
            for lane in ["a", "b", "c"] { try await fill(queue, "k", 100, lane: lane) }
            _ = try await queue.operate("select converged.set_limit('kind', 'k', max_per_lane => 2)")
            let most = try await race(queue, [QueueBench.plain]) { [try await mostRunning(queue, by: "lane")] }
            #expect(most == [2])
        }
    }

    @Test func aLongLaneHoldsUpNobody() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await fill(queue, "k", 5_000, lane: "big")
            try await fill(queue, "k", 3, lane: "small")
            try await fill(queue, "k", 1)
            _ = try await queue.operate("select converged.set_limit('kind', 'k', max_per_lane => 2)")
            let leases = try await queue.claim(worker).leases.map(\.lease)
            let lanes: String = try await queue.scalar(
                "select string_agg(coalesce(lane, '-'), ' ' order by lane) from converged.jobs where state = 'running'")
            #expect(lanes == "big big small small -")
            #expect(try await queue.claim(worker).leases.isEmpty)
            for lease in leases { try await queue.finish(lease, .settled) }
            #expect(
                try await queue.claim(worker).leases.count == 3, "two more of the big lane, the last of the small one")
        }
    }

    // MARK: Changes

    @Test func aLimitSetWhileJobsRunCountsThem() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await fill(queue, "k", 30)
            let running = try await queue.claim(worker, limits: [6]).leases.map(\.lease)
            _ = try await queue.operate("select converged.set_limit('kind', 'k', max_running => 8)")
            #expect(try await queue.claim(worker).leases.count == 2)
            _ = try await queue.operate("select converged.set_limit('kind', 'k', max_running => 3)")
            for lease in running.dropLast() { try await queue.finish(lease, .settled) }
            #expect(try await queue.claim(worker).leases.isEmpty, "three run still")
            try await queue.finish(try #require(running.last), .settled)
            #expect(try await queue.claim(worker).leases.count == 1)
            _ = try await queue.operate("select converged.set_limit('kind', 'k')")
            #expect(try await queue.scalar("select count(*) from converged.limits") == 0)
            #expect(try await queue.claim(worker).leases.count == 10, "no limit any more")
        }
    }

    /// Claims under way do not see the limit; those that do wait for them. Several of both kinds must not wait for each other.
    @Test func aClaimThatBeganBeforeTheLimitIsCounted() async throws {
        try await QueueBench.with { queue in
            let workers = [try await queue.register(), try await queue.register(), try await queue.register()]
            try await fill(queue, "k", 30)
            _ = try await queue.claim(workers[0], limits: [0])
            let claims = try await queue.daemon.transaction { early in
                let claim = Claim(limits: [3], worker: workers[0], floors: [nil])
                try await early.query(claim.statement([QueueBench.plain]))
                _ = try await queue.operate("select converged.set_limit('kind', 'k', max_running => 4)")
                let claims = workers.dropFirst().map { worker in
                    Task { try await queue.claim(worker).leases.count }
                }
                try await eventually("both wait for the early one") {
                    try await queue.scalar(
                        "select count(*) from pg_locks where locktype = 'advisory' and not granted") == 2
                }
                return claims
            }
            var claimed = 0
            for claim in claims { claimed += try await claim.value }
            #expect(claimed == 1)
            #expect(try await mostRunning(queue, by: "kind") == 4)
        }
    }

    @Test func anOpenChangeOfALimitHoldsUpNoOther() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await fill(queue, "k", 3)
            try await fill(queue, "m", 3)
            _ = try await queue.operate("select converged.set_limit('kind', 'k', 100, 100, 100)")
            let kinds = [QueueBench.plain, Self.other]
            try await queue.acting(as: "converged_operator") { person in
                try await person.transaction { open in
                    try await open.query("select converged.set_limit('kind', 'k', 1, 1, 1)")
                    #expect(Set(try await queue.claim(worker, kinds).leases.map(\.lease.kind)) == ["m"])
                }
            }
            #expect(try await queue.claim(worker, kinds).leases.map(\.lease.kind) == ["k"])
        }
    }

    @Test func aLimitHealsWhenAHolderDies() async throws {
        try await QueueBench.with { queue in
            let (dead, living) = (try await queue.register("dead"), try await queue.register("living"))
            try await fill(queue, "k", 5, lane: "a")
            _ = try await queue.operate("select converged.set_limit('kind', 'k', max_running => 2, max_per_lane => 2)")
            #expect(try await queue.claim(dead).leases.count == 2)
            #expect(try await queue.claim(living).leases.isEmpty)
            try await moveClock(of: queue.admin, by: .seconds(11))
            _ = try await queue.daemon.query("select converged.heartbeat(\(living))")
            _ = try await queue.daemon.query("select * from converged.rescue(\(living), interval '10 seconds', false)")
            #expect(try await queue.claim(living).leases.count == 2)
        }
    }

    // MARK: Rates

    @Test func aRateLimitIsATokenBucket() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await fill(queue, "k", 50)
            _ = try await queue.operate("select converged.set_limit('kind', 'k', rate_per_second => 0.001, burst => 3)")
            #expect(try await queue.claim(worker).leases.count == 3)
            let empty = try await queue.claim(worker)
            let next = try #require(empty.next)
            #expect(empty.leases.isEmpty && next > .seconds(900) && next <= .seconds(1_000), "told when to come back")
            for (seconds, tokens) in [(1_000, 1), (2_500, 2), (500, 1), (100_000, 3)] {
                try await moveClock(of: queue.admin, by: .seconds(seconds))
                #expect(try await queue.claim(worker).leases.count == tokens)
                #expect(try await queue.claim(worker).leases.isEmpty)
            }
            _ = try await queue.operate("select converged.set_limit('kind', 'k')")
            #expect(try await queue.claim(worker).leases.count == 10)
        }
    }

    @Test func noWindowOfTimeSeesMoreThanBurstAndRate() async throws {
        let (rate, burst) = (0.5, 4.0)
        var seed = Seed()
        let random = SharedSeed(seed.next())
        try await QueueBench.with { queue in
            try await fill(queue, "k", 400)
            _ = try await queue.operate("select converged.set_limit('queue', 'default', null, \(rate), \(Int(burst)))")
            let clock: SQL = "select date_part('epoch', converged.now())"
            var looks: [(before: Double, after: Double, taken: Int)] = []
            let workers = [try await queue.register(), try await queue.register(), try await queue.register()]
            for _ in 0..<25 {
                let before: Double = try await queue.scalar(clock)
                let taken = try await withThrowingTaskGroup(of: Int.self) { group in
                    for worker in workers { group.addTask { try await queue.claim(worker).leases.count } }
                    return try await group.reduce(0, +)
                }
                looks.append((before, try await queue.scalar(clock), taken))
                try await moveClock(of: queue.admin, by: .milliseconds(random.next(below: 8_000)))
            }
            for first in looks.indices {
                for last in first..<looks.count {
                    let taken = looks[first...last].map(\.taken).reduce(0, +)
                    let span = looks[last].after - looks[first].before
                    #expect(Double(taken) <= burst + rate * span + 0.001)
                }
            }
            let all = looks.map(\.taken).reduce(0, +)
            let span = looks[looks.count - 1].before - looks[0].after
            // A bucket holds no more than the burst: what came beyond it, on top of less than one token left, is lost.
            let spilled = zip(looks, looks.dropFirst())
                .map { max(0, rate * ($1.after - $0.before) + 1 - burst) }.reduce(0, +)
            #expect(Double(all) > burst + rate * span - spilled - 1.001, "and it is used: \(all) in \(span) s")
        }
    }
}
