import Postgres
import Support
import Testing

@testable import Queue

/// How a run ends, on the row, in history, and for whoever comes too late.
@Suite struct FinishTests {
    static let mortal = JobKind(name: "k", maxAttempts: 2) { _ in Verdict(.settled(next: nil)) }

    @Test(
        arguments: [
            (Finish.Ending.settled, nil, nil), (.settled, Duration.seconds(60), "ready 0 8 f"),
            (.again, .seconds(60), "ready 0 0 f"), (.retry, .seconds(60), "ready 1 0 f"), (.blocked, nil, nil),
            (.cancelled, nil, nil), (.returned, nil, "ready 0 0 t"),
        ] as [(Finish.Ending, Duration?, String?)])
    func everyOutcomeLeavesItsRow(_ ending: Finish.Ending, after: Duration?, row: String?) async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            let lease = try await queue.lease(worker)
            let answer = try await queue.finish(lease, ending, after: after, message: "why")
            #expect(answer == (ending == .returned ? .due : nil))
            #expect(try await queue.job("a", "state, attempt, priority, run_at <= converged.now()") == row)
            #expect(try await queue.job("a", "worker, fence") ?? "" == "")
            let recorded = [Finish.Ending.settled, .blocked, .cancelled].contains(ending) ? [ending.rawValue] : []
            #expect(try await queue.history("a") == recorded)
            let errors: [String] = try await queue.admin.query("select message from converged.job_errors").column(0)
            #expect(errors == (ending == .retry ? ["why"] : []))
        }
    }

    @Test(
        arguments: [
            (Finish.Ending.settled, true, "ready 0 0 t"), (.settled, false, "ready 0 8 t"),
            (.again, true, "ready 0 0 t"),
            (.again, false, "ready 1 0 t"), (.blocked, true, "ready 0 0 t"), (.blocked, false, "ready 0 8 t"),
            (.cancelled, false, "ready 0 8 t"), (.retry, true, "ready 0 0 t"), (.retry, false, "ready 2 0 f"),
            (.returned, true, "ready 0 0 t"), (.returned, false, "ready 1 0 t"),
        ] as [(Finish.Ending, Bool, String)])
    func aDirtyRunIsDueAgainWhateverItsOutcome(_ ending: Finish.Ending, urgent: Bool, row: String) async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            try await queue.finish(try await queue.lease(worker), .retry, after: .zero)
            let lease = try await queue.lease(worker)
            #expect(lease.attempt == 1)
            try await queue.wake("a", urgent: urgent)
            _ = try await queue.fold(worker)
            let answer = try await queue.finish(lease, ending, after: ending == .retry ? .seconds(60) : nil)
            #expect(answer == (row.hasSuffix("t") ? .due : nil))
            #expect(try await queue.job("a", "state, attempt, priority, run_at <= converged.now()") == row)
            #expect(try await queue.job("a", "dirty") == "f")
        }
    }

    @Test func aLateFinishIsRefused() async throws {
        try await QueueBench.with { queue in
            let (first, second) = (try await queue.register("first"), try await queue.register("second"))
            try await queue.wake("a")
            let late = try await queue.lease(first)
            try await queue.finish(late, .returned)
            let present = try await queue.lease(second)
            #expect(present.job == late.job && present.fence != late.fence)
            #expect(try await queue.finish(late, .settled) == .lost)
            #expect(try await queue.finish(late, .retry, after: .zero) == .lost)
            #expect(try await queue.history("a").isEmpty)
            await #expect(throws: LeaseLost.self) { try await late.write(["select converged.wake('k', 'late', true)"]) }
            #expect(try await queue.scalar("select count(*) from converged.wakes") == 0)
            try await present.write(["select converged.wake('k', 'present', true)"])
            #expect(try await queue.scalar("select count(*) from converged.wakes") == 1)
            #expect(try await queue.finish(present, .settled) == nil)
            #expect(try await queue.finish(present, .settled) == .lost)
        }
    }

    @Test func oneBatchMayHoldEveryOutcome() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            for key in ["a", "b", "c", "d"] { try await queue.wake(key) }
            let leases = try await queue.claim(worker).leases.map(\.lease).sorted { $0.key! < $1.key! }
            let endings: [Finish.Ending] = [.settled, .blocked, .again, .settled]
            var finishes = zip(leases, endings).map { Finish($0, $1, startedAt: .now) }
            finishes[2].after = .seconds(60)
            finishes[0].output = #"{"spent": 3}"#
            finishes[3].lease = Lease(
                job: leases[3].job, fence: -1, kind: "k", key: "d", wokenAt: leases[3].wokenAt, database: queue.daemon)
            let answers = try Finish.answers(try await queue.daemon.batch(Finish.statements(finishes)))
            #expect(answers == [leases[3].job: .lost])
            let spent: String = try await queue.scalar(
                "select output ->> 'spent' from converged.job_history where key = 'a'")
            #expect(spent == "3")
            #expect(try await queue.history("b") == ["blocked"])
            #expect(try await queue.job("c", "state") == "ready")
            #expect(try await queue.job("d", "state") == "running")
        }
    }

    @Test func theLastAttemptEndsInTheDeadLetters() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            try await queue.finish(try await queue.lease(worker, [Self.mortal]), .retry, after: .zero, message: "one")
            let last = try await queue.lease(worker, [Self.mortal])
            #expect(try await queue.finish(last, .retry, after: .zero, message: "two") == .dead)
            #expect(try await queue.job("a", "id") == nil)
            #expect(try await queue.history("a") == ["dead"])
            let dead: String = try await queue.scalar(
                "select concat_ws(' ', id, attempts, message) from converged.dead_jobs")
            #expect(dead == "\(last.job) 2 two")
            #expect(try await queue.scalar("select count(*) from converged.job_errors where job = \(last.job)") == 2)
        }
    }

    @Test func aWakeDuringTheLastAttemptIsNotBuriedWithIt() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            try await queue.finish(try await queue.lease(worker, [Self.mortal]), .retry, after: .zero)
            let last = try await queue.lease(worker, [Self.mortal])
            try await queue.wake("a", urgent: false)
            _ = try await queue.fold(worker)
            #expect(try await queue.finish(last, .retry, after: .zero) == .dead)
            let next = try await queue.lease(worker, [Self.mortal])
            #expect(next.job != last.job && next.attempt == 0)
        }
    }
}
