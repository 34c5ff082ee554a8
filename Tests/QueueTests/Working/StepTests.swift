import Postgres
import Support
import Testing

@testable import Queue

/// What a run notes in its middle.
@Suite(.timeLimit(.minutes(5))) struct StepTests {
    private func steps(_ queue: QueueBench) async throws -> [String] {
        try await queue.admin.query("select name || ' ' || output::text from converged.job_steps order by name")
            .column(0)
    }

    @Test func aStepThatWasDoneBeforeACrashIsNotDoneAgain() async throws {
        try await QueueBench.with { queue in
            let (dead, living) = (try await queue.register("dead"), try await queue.register("living"))
            try await queue.wake("a")
            let first = try await queue.lease(dead)
            #expect(try await first.step("charge") { #"{"id":7}"# } == #"{"id": 7}"#)
            // The worker dies between its steps.
            try await moveClock(of: queue.admin, by: .seconds(11))
            try await queue.daemon.query("select * from converged.heartbeat(\(living))")
            try await queue.daemon.query("select * from converged.rescue(\(living), interval '10 seconds', false)")
            let second = try await queue.lease(living)
            let output = try await second.step("charge") {
                Issue.record("the step was done twice")
                return "{}"
            }
            #expect(output == #"{"id": 7}"#)
            #expect(try await second.step("mail") { "[]" } == "[]")
            #expect(try await steps(queue) == [#"charge {"id": 7}"#, "mail []"])
            // What the dead worker says later is void, and it begins no step.
            await #expect(throws: LeaseLost.self) {
                try await first.step("mail") {
                    Issue.record("a run without its lease began a step")
                    return "1"
                }
            }
            await #expect(throws: LeaseLost.self) { try await first.report(done: 1, message: "late") }
            #expect(try await queue.scalar("select count(*) from converged.job_progress") == 0)
            #expect(try await queue.finish(second, .settled) == nil)
            #expect(try await steps(queue) == [])
        }
    }

    @Test func aLeaseThatIsLostDuringAStepNotesNothing() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            let lease = try await queue.lease(worker)
            await #expect(throws: LeaseLost.self) {
                try await lease.step("long") {
                    try await queue.admin.query("update converged.jobs set fence = fence + 1 where key = 'a'")
                    return "1"
                }
            }
            #expect(try await steps(queue) == [])
        }
    }

    @Test func deadLettersKeepTheirStepsAndAResyncBeginsAnew() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let kind = JobKind(name: "k", maxAttempts: 1) { _ in Verdict(.settled(next: nil)) }
            try await queue.daemon.batch(JobKind.registration([kind]))
            try await queue.wake("a")
            let first = try await queue.lease(worker, [kind])
            _ = try await first.step("one") { "1" }
            try await first.report(done: 0.5, message: "half")
            #expect(try await queue.finish(first, .retry, after: .zero) == .dead)
            #expect(try await steps(queue) == ["one 1"])
            #expect(try await queue.scalar("select count(*) from converged.job_progress") == 0)
            try await queue.admin.query("select converged.redrive()")
            let again = try await queue.lease(worker, [kind])
            #expect(try await again.step("one") { "2" } == "1")
            _ = try await queue.finish(again, .settled, after: .seconds(600))
            #expect(try await steps(queue) == [], "its next look is another piece of work")
            #expect(try await queue.job("a", "state") == "ready")
        }
    }

    @Test func stepsThatCannotBeRememberedAreRefused() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            let lease = try await queue.lease(worker)
            for (name, output) in [
                ("", "1"), (String(repeating: "n", count: 201), "1"), ("open", #"{"token": hush}"#),
                ("long", "\"" + String(repeating: "x", count: 70_000) + "\""),
            ] {
                let refusal = try await #require(throws: StepRefused.self) { try await lease.step(name) { output } }
                #expect(!refusal.description.contains("hush") && refusal.description.count < 400)
            }
            #expect(try await steps(queue) == [])
        }
    }

    @Test func progressIsSeenWhileItRunsAndGoneAfterwards() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let gate = Gate()
            let kind = JobKind(name: "k") { lease in
                try await lease.report(done: 0.25, message: "a quarter\0")
                try await lease.report(done: 7, message: String(repeating: "m", count: 1_000))
                notes.add("reported")
                try await gate.pass()
                return Verdict(.settled(next: nil))
            }
            try await queue.running(queue.worker("w", [kind])) {
                try await queue.wake("a")
                #expect(await notes.next() == "reported")
                let seen: SQL = "select done || ' ' || length(message) from converged.job_progress"
                #expect(try await queue.scalar(seen) == "1 500")
                gate.open()
                try await eventually("it is settled") { try await queue.history("a") == ["settled"] }
                #expect(try await queue.scalar("select count(*) from converged.job_progress") == 0)
            }
        }
    }
}
