import Testing

@testable import Queue

/// What goes to the database while a round trip is under way there.
@Suite struct LedgerBesideTests {
    let base = LedgerTests()
    var start: ContinuousClock.Instant { base.start }

    /// A ledger after its first turn, by default with room for many more than the jobs that run.
    func ledger(running count: Int64, concurrency: Int = 2_000) throws -> Ledger {
        var ledger = base.ledger(concurrency: concurrency)
        let turn = try ledger.turn(start)
        var result = Claim.Result()
        result.leases = (1...count).map(base.leased)
        _ = ledger.settle(turn, [:], result, start)
        return ledger
    }

    func end(_ jobs: ClosedRange<Int64>, _ ledger: inout Ledger) {
        for job in jobs {
            ledger.end(base.lease(job), Finish(base.lease(job), .settled, startedAt: start), start)
        }
    }

    @Test func aHintWaitsTwoMillisecondsForOthers() throws {
        var ledger = try ledger(running: 1)
        ledger.isHinted = true
        _ = try ledger.turn(start)
        #expect(ledger.nextAlarm(start) > start + .seconds(1), "nothing is due")
        ledger.isHinted = true
        #expect(ledger.nextTurn(start + .milliseconds(1)) == nil)
        #expect(ledger.nextAlarm(start + .milliseconds(1)) == start + .milliseconds(2))
        #expect(ledger.nextTurn(start + .milliseconds(2))?.limits?[0] == 500)
        ledger.isHinted = true
        #expect(ledger.nextTurn(start + .milliseconds(3)) == nil, "the last one counts, not the first")
        #expect(ledger.nextTurn(start + .milliseconds(4))?.limits?[0] == 500)
    }

    @Test func theFirstLookIsAwaited() throws {
        var ledger = base.ledger(concurrency: 2_000)
        let first = try ledger.turn(start)
        ledger.isHinted = true
        #expect(ledger.nextTurn(start + .milliseconds(9)) == nil)
        _ = ledger.settle(first, [:], base.claim(), start + .milliseconds(10))
        #expect(ledger.nextTurn(start + .milliseconds(10)) != nil)
    }

    @Test func aFailureOfAnotherHoldsItBack() throws {
        var ledger = try ledger(running: 1)
        ledger.isHinted = true
        let first = try ledger.turn(start)
        ledger.isHinted = true
        _ = try ledger.turn(start + .milliseconds(2))
        ledger.fail(first, isRetryable: true, isUnknown: false, start + .milliseconds(3))
        #expect(ledger.nextTurn(start + .milliseconds(10)) == nil)
        #expect(ledger.nextAlarm(start + .milliseconds(10)) > start + .milliseconds(50))
    }

    @Test func workersThatShareTheRoundTripsWait() throws {
        var ledger = try ledger(running: 1)
        ledger.peers = 4
        ledger.isHinted = true
        _ = try ledger.turn(start)
        ledger.isHinted = true
        #expect(ledger.nextTurn(start + .seconds(1)) == nil)
    }

    @Test func manyEndsDoNotHoldUpLeases() throws {
        var ledger = try ledger(running: 60)
        end(1...60, &ledger)
        ledger.isHinted = true
        let leases = try ledger.turn(start)
        #expect(leases.limits?[0] == 500 && leases.finishes.isEmpty)
        _ = ledger.settle(leases, [:], base.claim(61), start + .milliseconds(5))
        let ends = try ledger.turn(start + .milliseconds(5))
        #expect(ends.limits == nil && ends.finishes.count == 60)
        // And few go along.
        _ = ledger.settle(ends, [:], nil, start + .milliseconds(5))
        end(61...61, &ledger)
        ledger.isHinted = true
        #expect(ledger.nextTurn(start + .milliseconds(5))?.finishes.count == 1)
    }

    @Test func endsLeaveTheProcessorToLeasesForAWhile() throws {
        var ledger = try ledger(running: 60)
        end(1...60, &ledger)
        ledger.isHinted = true
        _ = try ledger.turn(start)
        #expect(ledger.nextTurn(start + .milliseconds(49)) == nil)
        #expect(ledger.nextAlarm(start + .milliseconds(49)) == start + .milliseconds(50))
        let ends = try ledger.turn(start + .milliseconds(50))
        #expect(ends.limits == nil && ends.finishes.count == 60)
        // Beside other ends they wait as ever.
        var other = try self.ledger(running: 60)
        end(1...30, &other)
        other.isHinted = false
        _ = try other.turn(start + .milliseconds(5))
        end(31...60, &other)
        #expect(other.nextAlarm(start + .milliseconds(6)) == start + .milliseconds(7))
    }

    @Test func endsDoNotWaitForHintsThatComeAllTheTime() throws {
        var ledger = try ledger(running: 100)
        end(1...60, &ledger)
        var sent: [Int] = []
        for round in 0..<5 {
            ledger.isHinted = true
            let turn = try ledger.turn(start + .milliseconds(2 * round))
            sent.append(turn.finishes.count)
            _ = ledger.settle(turn, [:], turn.limits == nil ? nil : base.claim(), start)
        }
        #expect(sent == [0, 0, 0, 60, 0])
    }

    @Test func inABacklogRoundTripsAreFull() throws {
        var ledger = try ledger(running: 100, concurrency: 100)
        end(1...60, &ledger)
        let full = try ledger.turn(start + .milliseconds(1))
        #expect(full.limits?[0] == 60 && full.finishes.count == 60)
        end(61...70, &ledger)
        ledger.isHinted = true
        #expect(ledger.nextTurn(start + .milliseconds(9)) == nil)
        end(71...90, &ledger)
        #expect(ledger.nextTurn(start + .milliseconds(9))?.finishes.count == 30, "a quarter of the capacity is free")
    }
}
