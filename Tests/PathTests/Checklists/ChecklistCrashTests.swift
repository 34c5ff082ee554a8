import Foundation
import Postgres
import Reconcilers
import Simulators
import Support
import Synchronization
import Testing
import Vendors

/// Whatever call the daemon dies at, or hears no answer to: the next one ends in the same state, and no command was
/// started twice.
@Suite("A checklist that is cut anywhere") struct ChecklistCrashTests {
    enum Mode: String, CaseIterable, Sendable {
        case before, after
        case replyLost = "reply lost"
    }

    private final class Cut: Sendable {
        private struct State {
            var calls = 0
            var hasFired = false
            var isDead = false
        }
        private let state = Mutex(State())
        private let number: Int
        private let mode: Mode

        init(at number: Int, _ mode: Mode) {
            self.number = number
            self.mode = mode
        }

        var hasFired: Bool { state.withLock { $0.hasFired } }
        func revive() { state.withLock { $0.isDead = false } }

        func act(_ phase: DockerSimulator.Phase) -> DockerSimulator.HookAction {
            state.withLock { state in
                guard phase == .before else { return .proceed }
                if state.isDead { return .refuseAndClose }
                guard !state.hasFired else { return .proceed }
                state.calls += 1
                guard state.calls == number else { return .proceed }
                state.hasFired = true
                state.isDead = mode != .replyLost
                return mode == .before ? .refuseAndClose : .dropReply
            }
        }
    }

    @Test(arguments: Mode.allCases) func everyCallLeadsToTheSameEnd(mode: Mode) async throws {
        var points = 0
        for number in 1..<100 {
            guard try await hit(number, mode) else { break }
            points += 1
        }
        print("checklist, \(mode): \(points) calls")
        #expect(points >= 20, "\(points) calls only")
    }

    /// False when all was done before that call.
    private func hit(_ number: Int, _ mode: Mode) async throws -> Bool {
        let wasHit = Mutex(false)
        try await StandardSteps.with { daemon, stage in
            let cut = Cut(at: number, mode)
            daemon.onCall { _, phase in cut.act(phase) }
            var progress: ChecklistProgress?
            for _ in 0..<20 where progress != .done {
                do { progress = try await stage.finish() } catch is DockerError { cut.revive() }
            }
            let point = "call \(number), \(mode)"
            #expect(progress == .done, "\(point)")
            #expect(daemon.starts(of: "apt-get update") == 1, "\(point)")
            #expect(daemon.starts(of: "apt-get install chromium") == 1, "\(point)")
            let layer = daemon.container(stage.container)?.layer ?? [:]
            #expect(layer["/home/node/.mcporter/ada.json"]?.text == #"{"n":"ada/alpha/one"}"#, "\(point)")
            #expect(layer["/home/node/.mcporter/.ada.json.converged"] == nil, "\(point)")
            let states = try await stage.admin.query("select state, exec_id from converged.checklist_runs")
                .decode((String, String?).self)
            #expect(states.count == 5 && states.allSatisfy { $0.0 == "done" && $0.1 == nil }, "\(point)")
            wasHit.withLock { $0 = cut.hasFired }
        }
        return wasHit.withLock { $0 }
    }
}
