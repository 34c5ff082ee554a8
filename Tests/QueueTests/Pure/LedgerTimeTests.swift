import Foundation
import Logging
import Postgres
import Synchronization
import Testing

@testable import Queue

/// Deadlines, lapses, stops and failures of a worker.
@Suite struct LedgerTimeTests {
    let tests = LedgerTests()
    var start: ContinuousClock.Instant { tests.start }

    func task() -> Task<Void, Never> { Task {} }

    @Test func aRunIsCancelledAtItsDeadlineAndReportedWhenItGoesOn() throws {
        var ledger = try tests.ledger(running: 1, 2)
        ledger.lastHeartbeat = start + .seconds(60)
        let tasks = [task(), task()]
        #expect(ledger.started([(tests.lease(1), tasks[0]), (tests.lease(2), tasks[1])]).isEmpty)
        ledger.end(tests.lease(2), nil, start)
        #expect(ledger.expire(start + .seconds(59)).isEmpty)
        #expect(ledger.expire(start + .seconds(60)) == [tasks[0]])
        #expect(ledger.cancellation(of: tests.lease(1)) == .deadline)
        #expect(ledger.expire(start + .seconds(61)).isEmpty, "once is enough")
        #expect(ledger.overdue(start + .seconds(64)).isEmpty)
        #expect(ledger.overdue(start + .seconds(66)) == ["k/1"])
    }

    @Test func withoutHeartbeatsItStopsItselfInTime() throws {
        var ledger = try tests.ledger(running: 1, 2)
        ledger.end(tests.lease(2), Finish(tests.lease(2), .settled, startedAt: start), start)
        #expect(ledger.started([(tests.lease(1), task())]).isEmpty)
        #expect(ledger.nextAlarm(start) <= start + .seconds(8))
        #expect(ledger.expire(start + .seconds(7.9)).isEmpty)
        #expect(ledger.expire(start + .seconds(8)).count == 1)
        #expect(ledger.worker == nil && ledger.pending.isEmpty && ledger.counters.lapses == 1)
        #expect(ledger.nextTurn(start + .seconds(9)) == nil)
        // The run ends later; its result is void, its slot is free.
        ledger.end(tests.lease(1), Finish(tests.lease(1), .settled, startedAt: start), start + .seconds(9))
        #expect(ledger.pending.isEmpty && ledger.busy == [0])
    }

    @Test func aClaimThatComesBackAfterTheLapseIsNotRun() throws {
        var ledger = tests.ledger()
        let turn = try ledger.turn(start)
        _ = ledger.lapse(start)
        ledger.worker = 2
        ledger.lastHeartbeat = start
        #expect(ledger.settle(turn, [:], tests.claim(1), start).isEmpty)
        #expect(ledger.runs.isEmpty)
    }

    @Test func aStopWaitsThenCancelsThenHandsBack() throws {
        var ledger = try tests.ledger(running: 1)
        ledger.lastHeartbeat = start + .seconds(60)
        #expect(ledger.started([(tests.lease(1), task())]).isEmpty)
        ledger.stoppedAt = start
        #expect(ledger.expire(start + .seconds(9.9)).isEmpty && !ledger.isIdle)
        #expect(ledger.expire(start + .seconds(10)).count == 1)
        #expect(ledger.cancellation(of: tests.lease(1)) == .stop)
        _ = ledger.expire(start + .seconds(15))
        #expect(ledger.nextTurn(start + .seconds(15))?.finishes.map(\.ending) == [.returned])
    }

    @Test func whatFailedGoesAgainAfterAWhile() throws {
        var ledger = try tests.ledger(running: 1)
        ledger.end(tests.lease(1), Finish(tests.lease(1), .settled, startedAt: start), start)
        let turn = try ledger.turn(start)
        ledger.fail(turn, isRetryable: true, isUnknown: false, start)
        #expect(ledger.nextTurn(start) == nil)
        #expect(ledger.nextTurn(start + .seconds(1))?.finishes.map(\.lease.job) == [1])
    }

    @Test func aLostAnswerAsksForAnotherRow() throws {
        var ledger = tests.ledger()
        let turn = try ledger.turn(start)
        ledger.fail(turn, isRetryable: true, isUnknown: true, start)
        #expect(ledger.nextTurn(start + .seconds(5)) == nil, "not before it is known what we hold")
        #expect(ledger.nextRenewal(start) == nil)
        let renewal = try ledger.renewal(start + .seconds(1))
        #expect(renewal.worker == 1)
        ledger.renewed(renewal, as: 2)
        #expect(ledger.nextTurn(start + .seconds(1))?.worker == 2)
    }

    @Test func anEndThatTheDatabaseRefusesIsFoundAndReplaced() throws {
        var ledger = try tests.ledger(running: 1, 2)
        for job: Int64 in [1, 2] {
            ledger.end(tests.lease(job), Finish(tests.lease(job), .settled, startedAt: start), start)
        }
        var now = start
        var sent: [[Int64]] = []
        var endings: [Finish.Ending] = []
        // Job 1 is the one that is refused.
        for _ in 0..<10 where !ledger.pending.isEmpty {
            now += .seconds(1)
            let turn = try ledger.turn(now)
            sent.append(turn.finishes.map(\.lease.job))
            if turn.finishes.contains(where: { $0.lease.job == 1 && $0.ending == .settled }) {
                ledger.fail(turn, isRetryable: false, isUnknown: false, now)
            } else {
                endings += turn.finishes.map(\.ending)
                _ = ledger.settle(turn, [:], turn.limits == nil ? nil : tests.claim(), now)
            }
        }
        #expect(sent == [[1, 2], [1], [1], [2]])
        #expect(endings == [.retry, .settled])
        #expect(!ledger.isIsolating)
    }
}

final class Counter: Sendable {
    private let count = Mutex(0)
    func add() { count.withLock { $0 += 1 } }
    var value: Int { count.withLock { $0 } }
}
