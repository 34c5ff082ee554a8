import Foundation
import Postgres
import Reconcilers
import Simulators
import Support
import Testing
import Vendors

/// Commands that take longer than one call, on a daemon whose time the test moves.
@Suite("Long commands of a checklist") struct LongCommandTests {
    private func with(_ seconds: Int, _ body: (DockerSimulator, ChecklistStage) async throws -> Void) async throws {
        try await StandardSteps.with(clock: .manual) { daemon, stage in
            daemon.onExec(
                .init("apt-get install chromium", output: "Setting up\n") {
                    $0.duration = .seconds(seconds)
                    $0.marks = ["chromium"]
                })
            try await body(daemon, stage)
        }
    }

    /// A short call, which leaves the command to itself.
    private func expectWork(on step: String, _ stage: ChecklistStage) async throws {
        let progress = try await stage.advance { $0.attachSeconds = 1 }
        guard case .working(step, _) = progress else {
            Issue.record("\(progress)")
            return
        }
    }

    @Test func itIsFoundAgainAndNotRunTwice() async throws {
        try await with(300) { daemon, stage in
            for _ in 0..<3 {
                try await expectWork(on: "chromium", stage)
            }
            daemon.advance(by: .seconds(301))
            #expect(try await stage.finish() == .done)
            #expect(daemon.starts(of: "apt-get install chromium") == 1)
            #expect(
                try await stage.run("chromium", "state, attempts, exit_code, output_tail")
                    == "done 1 0 [the rest of its output was not read]")
        }
    }

    @Test func aChangedRowWaitsForTheCommandThatRuns() async throws {
        try await with(300) { daemon, stage in
            try await expectWork(on: "chromium", stage)
            try await stage.admin.query(
                "update converged.checklist_steps set argv = '{apt-get,install,chromium,more}' where name = 'chromium'")
            daemon.onExec(.init("apt-get install chromium more"))
            try await expectWork(on: "chromium", stage)
            #expect(daemon.starts(of: "apt-get install chromium more") == 0)
            daemon.advance(by: .seconds(301))
            #expect(try await stage.finish() == .done, "its check is met by what the first one did")
            #expect(daemon.starts(of: "apt-get install chromium more") == 0)
        }
    }

    @Test func oneThatHangsIsAFailureUntilItEnds() async throws {
        try await with(100_000) { daemon, stage in
            try await expectWork(on: "chromium", stage)
            try await moveClock(of: stage.admin, by: .seconds(61))
            for _ in 0..<2 {
                guard case .failed("chromium", let why) = try await stage.advance() else { return #expect(Bool(false)) }
                #expect(why.hasPrefix("it has not ended within 60 s"))
            }
            try await moveClock(of: stage.admin, by: .seconds(7200))
            guard case .failed = try await stage.advance() else { return #expect(Bool(false)) }
            #expect(daemon.starts(of: "apt-get install chromium") == 1, "never two at once")
            daemon.advance(by: .seconds(100_001))
            #expect(try await stage.finish() == .done)
            #expect(daemon.starts(of: "apt-get install chromium") == 1)
        }
    }

    @Test func oneThatDockerForgotIsJudgedByItsCheck() async throws {
        try await with(0) { daemon, stage in
            #expect(try await stage.finish() == .done)
            try await stage.admin.query(
                """
                update converged.checklist_runs set state = 'running', exec_id = \(String(repeating: "0a", count: 32))
                where step in ('index', 'chromium')
                """)
            #expect(try await stage.finish() == .done)
            #expect(daemon.starts(of: "apt-get install chromium") == 1, "its check says that it was done")
            #expect(daemon.starts(of: "apt-get update") == 2, "without a check it is done again")
        }
    }

    @Test func aCommandThatIsNotThereIsAFailure() async throws {
        try await StandardSteps.with { _, stage in
            try await stage.admin.query("update converged.checklist_steps set argv = '{nonsense}' where name = 'index'")
            guard case .failed("index", let why) = try await stage.finish() else { return #expect(Bool(false)) }
            #expect(why.contains("126") && why.contains("not found"))
        }
    }

    @Test func aStoppedContainerIsNoStepsFault() async throws {
        try await StandardSteps.with { daemon, stage in
            daemon.crash(stage.container)
            await #expect(throws: DockerError.self) { _ = try await stage.advance() }
            let attempts = try await stage.run("index", "attempts")
            #expect(attempts == nil)
        }
    }
}
