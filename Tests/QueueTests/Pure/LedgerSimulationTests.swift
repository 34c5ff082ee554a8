import Support
import Testing

@testable import Queue

/// Random histories of a worker in made-up time. What must hold after each step: no run beyond the concurrency, nothing
/// that would make the loop spin, and at the end of a stop nothing left.
@Suite struct LedgerSimulationTests {
    struct World {
        let tests = LedgerTests()
        var ledger: Ledger
        var now: ContinuousClock.Instant
        var random: Seed
        var sent: [Turn] = []
        var job: Int64 = 0

        init(_ random: Seed) {
            self.random = random
            ledger = tests.ledger(concurrency: 4)
            now = tests.start
        }

        mutating func draw(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

        mutating func step() {
            switch draw(9) {
            case 0: ledger.isHinted = true
            case 1, 2: endOne()
            case 3, 4, 5: answer()
            case 6: now += .milliseconds(draw(20))
            case 7 where ledger.worker == nil:
                ledger.worker = Int64(draw(1_000_000))
                ledger.lastHeartbeat = now
            case 7: ledger.lastHeartbeat = now
            default:
                ledger.isDraining = draw(6) == 0
                now += .milliseconds(draw(2_000))
            }
            look()
        }

        mutating func look() {
            _ = ledger.expire(now)
            if let renewal = ledger.nextRenewal(now) { ledger.renewed(renewal, as: renewal.worker + 1) }
            while let turn = ledger.nextTurn(now) { sent.append(turn) }
        }

        mutating func endOne() {
            guard let run = ledger.runs.values.min(by: { $0.lease.job < $1.lease.job }) else { return }
            let endings: [Finish.Ending] = [.settled, .retry, .again]
            var finish = Finish(run.lease, endings[draw(3)], startedAt: run.startedAt)
            finish.after = finish.ending == .settled ? nil : .milliseconds(draw(500))
            if draw(3) == 0 {
                ledger.finished(finish, nil, now)
                ledger.end(run.lease, nil, now)
            } else {
                ledger.end(run.lease, finish, now)
            }
        }

        mutating func answer() {
            guard !sent.isEmpty else { return }
            let turn = sent.remove(at: draw(sent.count))
            if draw(5) == 0 {
                return ledger.fail(turn, isRetryable: draw(4) > 0, isUnknown: draw(2) == 0, now)
            }
            var claim = Claim.Result()
            for _ in 0..<min(turn.limits?[0] ?? 0, draw(6)) {
                job += 1
                claim.leases.append(tests.leased(job, fence: job))
            }
            claim.next = draw(2) == 0 ? .milliseconds(draw(300)) : nil
            claim.leftBehind = draw(8) == 0 ? 1 : 0
            let answers = turn.finishes.prefix(1).map { ($0.lease.job, draw(2) == 0 ? Finish.Answer.due : .lost) }
            _ = ledger.settle(turn, Dictionary(uniqueKeysWithValues: answers), claim, now)
        }
    }

    @Test func noHistoryLeadsItAstray() {
        var seed = Seed()
        for _ in 0..<40 {
            var world = World(Seed(value: seed.next()))
            for _ in 0..<400 {
                world.step()
                #expect(world.ledger.busy[0] <= 4)
                #expect(world.ledger.busy[0] == world.ledger.runs.count)
                #expect(world.ledger.nextAlarm(world.now) > world.now, "the loop would spin")
            }
            world.ledger.stoppedAt = world.now
            for _ in 0..<200 where !world.ledger.isIdle {
                world.look()
                world.answer()
                world.now += .milliseconds(200)
            }
            #expect(world.ledger.isIdle && world.ledger.busy == [0])
        }
    }
}
