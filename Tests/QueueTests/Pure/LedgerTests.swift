import Foundation
import Logging
import Postgres
import Testing

@testable import Queue

/// The decisions of a worker, at times that the test makes up.
@Suite struct LedgerTests {
    let start = ContinuousClock.now
    let database = Database(DatabaseSettings(url: ""), logger: Logger(label: "unused"))

    func ledger(concurrency: Int = 2, _ adjust: (inout WorkerSettings) -> Void = { _ in }) -> Ledger {
        var settings = WorkerSettings(name: "w", version: "1")
        settings.unit = { 0.5 }
        adjust(&settings)
        let kind = JobKind(name: "k", concurrency: concurrency, deadline: .seconds(60)) { _ in
            Verdict(.settled(next: nil))
        }
        var ledger = Ledger(kinds: [kind], settings: settings, now: start)
        ledger.worker = 1
        ledger.lastHeartbeat = start
        return ledger
    }

    func lease(_ job: Int64, fence: Int64 = 1) -> Lease {
        Lease(job: job, fence: fence, kind: "k", key: "\(job)", wokenAt: Date(), database: database)
    }

    func leased(_ job: Int64) -> Claim.Result.Leased { leased(job, fence: 1) }

    func leased(_ job: Int64, fence: Int64) -> Claim.Result.Leased {
        Claim.Result.Leased(lease: lease(job, fence: fence), waitedSeconds: 0, rank: job)
    }

    /// What a claim brought.
    func claim(_ jobs: Int64..., next: Duration? = nil) -> Claim.Result {
        var result = Claim.Result()
        result.leases = jobs.map(leased)
        result.next = next
        return result
    }

    /// A ledger after its first turn, with these jobs running.
    func ledger(running jobs: Int64..., concurrency: Int = 2) throws -> Ledger {
        var ledger = ledger(concurrency: concurrency)
        let turn = try ledger.turn(start)
        var result = Claim.Result()
        result.leases = jobs.map(leased)
        _ = ledger.settle(turn, [:], result, start)
        return ledger
    }

    @Test func onlyOneRoundTripIsUnderWay() throws {
        var ledger = ledger()
        let turn = try ledger.turn(start)
        #expect(turn.limits == [2] && turn.finishes.isEmpty)
        ledger.isHinted = true
        #expect(ledger.nextTurn(start) == nil)
        #expect(ledger.settle(turn, [:], claim(), start).isEmpty)
        #expect(ledger.nextTurn(start)?.limits == [2], "the hint that came meanwhile is not lost")
    }

    @Test func anIdleWorkerPollsOnceASecond() throws {
        var ledger = try ledger(running: 7, concurrency: 2)
        #expect(ledger.nextTurn(start + .milliseconds(999)) == nil)
        #expect(ledger.nextAlarm(start) == start + .seconds(1))
        #expect(ledger.nextTurn(start + .seconds(1))?.limits == [1])
    }

    @Test func fullCapacityAsksForNothingButFolds() throws {
        var ledger = try ledger(running: 1, 2)
        ledger.isHinted = true
        #expect(ledger.nextTurn(start) == nil)
        #expect(ledger.nextTurn(start + .seconds(1))?.limits == [0])
    }

    @Test func endsShareARoundTripFor5Milliseconds() throws {
        var ledger = try ledger(running: 1, 2, concurrency: 3)
        let end = start + .milliseconds(100)
        ledger.end(lease(1), Finish(lease(1), .settled, startedAt: start), end)
        #expect(ledger.nextTurn(end) == nil)
        #expect(ledger.nextAlarm(end) == end + .milliseconds(5))
        let turn = try ledger.turn(end + .milliseconds(5))
        #expect(turn.finishes.map(\.lease.job) == [1] && turn.limits == nil)
    }

    @Test func theLastEndGoesAtOnceAndAHintTakesAllAlong() throws {
        var ledger = try ledger(running: 1, 2, concurrency: 3)
        ledger.end(lease(1), Finish(lease(1), .settled, startedAt: start), start)
        ledger.isHinted = true
        let hinted = try ledger.turn(start)
        #expect(hinted.finishes.count == 1 && hinted.limits == [2])
        _ = ledger.settle(hinted, [:], claim(), start)
        ledger.end(lease(2), Finish(lease(2), .settled, startedAt: start), start)
        #expect(ledger.nextTurn(start)?.finishes.count == 1, "nothing runs that could join it")
    }

    @Test func aFullClaimMeansThereIsMore() throws {
        var ledger = try ledger(running: 1, 2)
        #expect(ledger.hasBacklog == [true])
        ledger.end(lease(1), Finish(lease(1), .settled, startedAt: start), start)
        #expect(ledger.nextTurn(start) == nil)
        #expect(ledger.nextTurn(start + .milliseconds(1))?.limits == [1])
    }

    @Test func aKnownRunAtIsNotLeftToThePoll() throws {
        var ledger = ledger()
        let turn = try ledger.turn(start)
        _ = ledger.settle(turn, [:], claim(next: .milliseconds(300)), start)
        #expect(ledger.nextAlarm(start) == start + .milliseconds(301))
        #expect(ledger.nextTurn(start + .milliseconds(301))?.limits == [2])
    }

    @Test func aRunThatBecameDirtyIsClaimedAgainAtOnce() throws {
        var ledger = try ledger(running: 1)
        ledger.end(lease(1), Finish(lease(1), .settled, startedAt: start), start)
        let turn = try ledger.turn(start)
        _ = ledger.settle(turn, [1: .due], nil, start)
        #expect(ledger.nextTurn(start)?.limits == [2])
    }

    @Test func drainingAndStoppingLeaseNothing() throws {
        var draining = ledger()
        draining.isDraining = true
        #expect(draining.nextTurn(start + .seconds(10)) == nil)
        var stopping = try ledger(running: 1)
        stopping.stoppedAt = start
        stopping.isHinted = true
        #expect(stopping.nextTurn(start + .seconds(1)) == nil)
        stopping.end(lease(1), Finish(lease(1), .settled, startedAt: start), start)
        #expect(stopping.nextTurn(start)?.finishes.count == 1)
    }
}

extension Ledger {
    mutating func turn(_ now: Instant) throws -> Turn {
        let turn = nextTurn(now)
        return try #require(turn)
    }

    mutating func renewal(_ now: Instant) throws -> Renewal {
        let renewal = nextRenewal(now)
        return try #require(renewal)
    }
}
