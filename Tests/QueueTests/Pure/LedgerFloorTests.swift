import Foundation
import Logging
import Postgres
import Testing

@testable import Queue

/// Where the look for due jobs begins while somebody holds an old snapshot.
@Suite struct LedgerFloorTests {
    let start = ContinuousClock.now
    let database = Database(DatabaseSettings(url: ""), logger: Logger(label: "unused"))

    func ledger() -> Ledger {
        var settings = WorkerSettings(name: "w", version: "1")
        settings.unit = { 0.5 }
        settings.slowLook = .milliseconds(25)
        let kinds = ["k", "m"].map { JobKind(name: $0, concurrency: 1_000) { _ in Verdict(.settled(next: nil)) } }
        var ledger = Ledger(kinds: kinds, settings: settings, now: start)
        ledger.worker = 1
        ledger.lastHeartbeat = start
        return ledger
    }

    /// A turn at that time which took so long to look and leased these ranks of the first kind. Tells where it began.
    func look(_ ledger: inout Ledger, at now: Duration, taking look: Duration, ranks: Int64...) throws -> [Int64?] {
        ledger.isHinted = true
        let next = ledger.nextTurn(start + now)
        let turn = try #require(next)
        var result = Claim.Result()
        result.look = look
        result.leases = ranks.map { rank in
            let lease = Lease(job: rank, fence: rank, kind: "k", key: nil, wokenAt: Date(), database: database)
            return Claim.Result.Leased(lease: lease, waitedSeconds: 0, rank: rank)
        }
        _ = ledger.settle(turn, [:], result, start + now)
        return turn.floors
    }

    @Test func quickLooksAreAlwaysFull() throws {
        var ledger = ledger()
        for second in 0..<5 {
            #expect(
                try look(&ledger, at: .seconds(second), taking: .milliseconds(25), ranks: Int64(second)) == [nil, nil])
        }
    }

    @Test func afterASlowLookOnlyWhatIsNewIsLookedAt() throws {
        var ledger = ledger()
        #expect(try look(&ledger, at: .zero, taking: .milliseconds(100), ranks: 20, 30, 10) == [nil, nil])
        #expect(
            try look(&ledger, at: .milliseconds(100), taking: .zero, ranks: 40) == [30, nil],
            "the highest rank of each kind")
        #expect(try look(&ledger, at: .milliseconds(200), taking: .zero, ranks: 35) == [40, nil])
        #expect(try look(&ledger, at: .milliseconds(2_999), taking: .zero) == [40, nil], "it never goes back")
        #expect(
            try look(&ledger, at: .milliseconds(3_000), taking: .zero) == [nil, nil], "30 × the slow look has passed")
        #expect(
            try look(&ledger, at: .milliseconds(3_100), taking: .zero) == [nil, nil], "and the full look was quick")
    }

    @Test func aFullLookComesAgainAtMostOnceASecond() throws {
        var ledger = ledger()
        _ = try look(&ledger, at: .zero, taking: .milliseconds(26), ranks: 10)
        #expect(try look(&ledger, at: .milliseconds(999), taking: .zero) == [10, nil])
        #expect(try look(&ledger, at: .milliseconds(1_000), taking: .milliseconds(200), ranks: 5) == [nil, nil])
        #expect(
            try look(&ledger, at: .milliseconds(6_999), taking: .zero) == [5, nil], "slow again: floors from then on")
        #expect(try look(&ledger, at: .milliseconds(7_000), taking: .zero) == [nil, nil])
    }

    @Test func aSlowLookFromAFloorDoesNotPostponeTheFullOne() throws {
        var ledger = ledger()
        _ = try look(&ledger, at: .zero, taking: .milliseconds(100), ranks: 10)
        #expect(try look(&ledger, at: .milliseconds(2_900), taking: .seconds(1), ranks: 12) == [10, nil])
        #expect(try look(&ledger, at: .milliseconds(3_000), taking: .zero) == [nil, nil])
    }

    @Test func whatGoesBesideAFullLookIsNone() throws {
        var ledger = ledger()
        _ = try look(&ledger, at: .zero, taking: .milliseconds(100), ranks: 10)
        let (due, beside) = (start + .seconds(3), Duration.milliseconds(3_002))
        ledger.isHinted = true
        let full = try ledger.turn(due)
        #expect(full.floors == [nil, nil])
        #expect(try look(&ledger, at: beside, taking: .zero, ranks: 12) == [10, nil])
        var nothing = Claim.Result()
        nothing.look = .milliseconds(100)
        _ = ledger.settle(full, [:], nothing, due + .milliseconds(100))
        #expect(try look(&ledger, at: .milliseconds(3_200), taking: .zero) == [12, nil], "it found all of it taken")
    }

    @Test func aJobThatAHintNamesSaysNothingOfLooks() throws {
        var ledger = ledger()
        _ = try look(&ledger, at: .zero, taking: .milliseconds(100), ranks: 10)
        let named = ledger.turn(for: Hint("7 0 1 k"), start + .milliseconds(100))
        _ = ledger.settle(try #require(named), [:], Claim.Result(), start + .milliseconds(101))
        #expect(try look(&ledger, at: .milliseconds(102), taking: .zero) == [10, nil])
    }
}
