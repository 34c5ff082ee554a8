import Foundation
import Testing

@testable import Reconcilers

@Suite("The next step of a checklist") struct ChecklistPlanTests {
    private let now = Date(timeIntervalSince1970: 1_000_000)
    private let settings = ChecklistSettings()

    private func step(_ name: String, check: [String]? = ["test"], retries: Int = 1) -> ChecklistStep {
        ChecklistStep(
            name: name, checklist: "c", work: .exec(argv: [name], check: check, user: "0"), timeoutSeconds: 60,
            retries: retries, retryAfterSeconds: 5)
    }

    private func done(_ step: ChecklistStep, at time: Date) -> ChecklistRun {
        var run = ChecklistRun(inputHash: step.inputHash, startedAt: time)
        run.begin(now: time)
        run.meet(.init(exitCode: 0), now: time)
        return run
    }

    @Test func inOrderAndFirstThatIsUnmet() {
        let steps = [step("a"), step("b", check: nil), step("c")]
        var runs: [String: ChecklistRun] = [:]
        for next in steps {
            #expect(ChecklistTurn.next(steps, runs, now: now, settings) == .begin(next))
            runs[next.name] = done(next, at: now)
        }
        #expect(ChecklistTurn.next(steps, runs, now: now, settings) == .done)
        let later = now + settings.recheckSeconds
        #expect(ChecklistTurn.next(steps, runs, now: later, settings) == .begin(steps[0]))
        runs["a"] = done(steps[0], at: later)
        runs["c"] = done(steps[2], at: later)
        #expect(ChecklistTurn.next(steps, runs, now: later, settings) == .done, "what has no check is not looked at")
    }

    @Test func retriesAndTheirEnd() {
        let one = step("a")
        var run = ChecklistRun.current(nil, for: one, now: now)
        run.begin(now: now)
        run.miss("no", .init(exitCode: 1), of: one, now: now)
        #expect(ChecklistTurn.next([one], ["a": run], now: now, settings) == .wait(one, seconds: 5))
        #expect(ChecklistTurn.next([one], ["a": run], now: now + 5, settings) == .begin(one))
        run.begin(now: now + 5)
        run.miss("still no", nil, of: one, now: now + 5)
        #expect(ChecklistTurn.next([one], ["a": run], now: now + 6, settings) == .failed(one, why: "still no"))
        let after = now + 5 + settings.failedPauseSeconds
        #expect(ChecklistTurn.next([one], ["a": run], now: after, settings) == .begin(one))
        run.begin(now: after)
        #expect(run.attempts == 1 && run.state == .running, "a new series of attempts")
    }

    @Test func aCommandUnderWayIsLookedAtFirst() {
        let one = step("a")
        var run = ChecklistRun(inputHash: "of another input", startedAt: now)
        run.begin(now: now)
        run.execID = "e"
        #expect(ChecklistTurn.next([one], ["a": run], now: now, settings) == .look(one, exec: "e"))
        run.giveUp("hangs", now: now)
        #expect(ChecklistTurn.next([one], ["a": run], now: now, settings) == .look(one, exec: "e"))
        run.execID = nil
        #expect(ChecklistTurn.next([one], ["a": run], now: now, settings) == .begin(one), "it is owed anew")
    }

    @Test func everyInputCounts() {
        let file = WantedFile(path: "/a/b", content: "x", userID: 1, groupID: 2, mode: 0o600)
        let works: [ChecklistStep.Work] = [
            .exec(argv: ["a", "b"], check: nil, user: "0"), .exec(argv: ["a"], check: ["b"], user: "0"),
            .exec(argv: ["ab"], check: nil, user: "0"), .exec(argv: ["a", "b"], check: nil, user: "1"), .file(file),
            .file(WantedFile(path: "/a/b", content: "x", userID: 1, groupID: 2, mode: 0o640)),
            .http(method: "GET", path: "/a", body: nil, withToken: false, status: 200),
            .http(method: "GET", path: "/a", body: nil, withToken: true, status: 200),
            .http(method: "GET", path: "/a", body: "", withToken: false, status: 200),
        ]
        var same = step("x")
        let hashes = works.map { work in
            same.work = work
            return same.inputHash
        }
        #expect(Set(hashes).count == works.count && hashes.allSatisfy { $0.count == 64 })
        same.retries = 9
        same.timeoutSeconds = 9
        #expect(same.inputHash == hashes.last, "bounds are no input")
    }
}
