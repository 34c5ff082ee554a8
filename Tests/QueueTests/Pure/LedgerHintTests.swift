import Testing

@testable import Queue

/// When a worker takes the job that a hint names, and when it looks around instead.
@Suite struct LedgerHintTests {
    let base = LedgerTests()

    @Test(arguments: ["17 3 5 k", "17 3 5 two words"])
    func aPayloadNamesAJob(payload: String) throws {
        let job = try #require(Hint(payload).job)
        #expect(job.id == 17 && job.address == "(3,5)" && payload.hasSuffix(job.kind))
    }

    @Test(arguments: ["", "17", "17 k", "x 3 5 k", "17 (3,5) k", "17 3 70000 k", "17 -3 5 k"])
    func allElseSaysOnlyThatThereIsWork(payload: String) { #expect(Hint(payload) == Hint("")) }

    @Test func anIdleWorkerTakesTheNamedJobAndThenLooks() throws {
        var ledger = try base.ledger(running: 1, concurrency: 3)
        let start = base.start
        let turn = try ledger.take("7 0 1 k", start)
        #expect(turn.hinted?.job == 7 && turn.limits == [1] && ledger.free(0) == 1)
        #expect(ledger.turn(for: Hint("8 0 1 k"), start) == nil, "one at a time")
        #expect(ledger.nextTurn(start) == nil)
        let begun = ledger.settle(turn, [:], base.claim(7), start)
        #expect(begun.map(\.lease.job) == [7] && ledger.free(0) == 1)
        #expect(ledger.nextAlarm(start) <= start + ledger.settings.finishDelay + .milliseconds(1))
    }

    @Test func whoFindsItTakenLooksAround() throws {
        var ledger = try base.ledger(running: 1)
        let turn = try ledger.take("7 0 1 k", base.start)
        #expect(ledger.settle(turn, [:], base.claim(), base.start).isEmpty)
        #expect(ledger.nextTurn(base.start)?.limits == [1])
    }

    @Test func aLostAnswerIsAskedFor() throws {
        var ledger = try base.ledger(running: 1)
        let turn = try ledger.take("7 0 1 k", base.start)
        ledger.fail(turn, isRetryable: true, isUnknown: true, base.start)
        #expect(ledger.nextTurn(base.start + .seconds(5)) == nil)
        #expect(ledger.nextRenewal(base.start + .seconds(5))?.held.map(\.job) == [1])
    }

    @Test func whoHasOtherWorkDoesNotPassItOver() throws {
        let hint = Hint("7 0 1 k")
        var full = try base.ledger(running: 1, 2)
        #expect(full.turn(for: hint, base.start) == nil)
        var hinted = try base.ledger(running: 1)
        hinted.isHinted = true
        #expect(hinted.turn(for: hint, base.start) == nil)
        var draining = try base.ledger(running: 1)
        draining.isDraining = true
        #expect(draining.turn(for: hint, base.start) == nil)
        var fresh = base.ledger()
        #expect(fresh.turn(for: hint, base.start) == nil, "the first look comes first")
        let idle = try base.ledger(running: 1)
        #expect(!idle.concerns(Hint("7 0 1 others")) && idle.concerns(hint) && idle.concerns(Hint("")))
    }
}

extension Ledger {
    fileprivate mutating func take(_ payload: String, _ now: Instant) throws -> Turn {
        let turn = turn(for: Hint(payload), now)
        return try #require(turn)
    }
}
