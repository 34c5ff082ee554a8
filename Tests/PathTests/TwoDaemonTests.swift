import Foundation
import Postgres
import Simulators
import Support
import Synchronization
import Testing

/// Several daemons on one database: the work is shared, a key never.
@Suite struct TwoDaemonTests {
    /// Calls that are under way, by app.
    private final class Overlaps: Sendable {
        private struct State {
            var open: [String: Int] = [:]
            var found: [String] = []
        }
        private let state = Mutex(State())

        func note(_ call: FlySimulator.Call, _ phase: FlySimulator.Phase) {
            guard let app = call.app else { return }
            state.withLock { state in
                state.open[app, default: 0] += phase == .before ? 1 : -1
                if state.open[app, default: 0] > 1 { state.found.append("\(call)") }
            }
        }

        var found: [String] { state.withLock { $0.found } }
    }

    @Test func twoDaemonsShareTheWorkAndNeverAKey() async throws {
        var options = Platform.Options()
        options.fly.callDelay = .milliseconds(5)
        try await Platform.run(options) { platform in
            let overlaps = Overlaps()
            platform.fly.onCall { call, phase in
                overlaps.note(call, phase)
                return .proceed
            }
            let settings = ["CONVERGED_WORKER_CONCURRENCY": "4"]
            try await platform.startDaemon(settings)
            try await platform.startDaemon(settings)
            let assistants = try await platform.signUp(24)
            try await eventually("both workers are busy") {
                try await platform.count(
                    "select count(distinct worker) from converged.jobs where kind = 'machine' and state = 'running'")
                    == 2
            }
            // Wakes in the middle of the runs, as impatient users send them.
            for assistant in assistants.prefix(8) {
                try await platform.change(assistant, #"env = '{"ROUND": "2"}'"#)
            }
            try await platform.awaitSettled(assistants, within: .seconds(60))

            #expect(overlaps.found == [])
            let creates = Dictionary(grouping: platform.fly.calls("create-*")) { "\($0.action) \($0.app ?? "")" }
            #expect(creates.filter { $0.value.count > 1 }.keys.sorted() == [])
            let workers = try await platform.count(
                "select count(distinct worker) from converged.job_history where kind = 'machine'")
            #expect(workers == 2)
            platform.expectClean(assistants)
        }
    }

    /// The promise is 15 s of database time from the kill to the next call for the same key.
    @Test func theWorkOfAKilledDaemonGoesOnElsewhere() async throws {
        try await Platform.run { platform in
            let gate = Gate()
            platform.fly.onCall { call, phase in
                guard phase == .before, call.action == "create-volume", await gate.arrivals == 0 else {
                    return .proceed
                }
                await gate.pass()
                return .refuseAndClose
            }
            let first = try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await gate.awaitArrivals(1)
            try await platform.startDaemon()
            let killedAt: Date = try await platform.admin.query("select converged.now()").scalar()
            first.kill(SIGKILL)
            #expect(await first.wait() == -SIGKILL)
            await gate.open()
            platform.fly.clearLedger()
            try await eventually("the other daemon goes on", within: .seconds(30)) {
                !platform.fly.calls("*", app: assistant.app).isEmpty
            }
            let waited: Double = try await platform.admin.query(
                "select extract(epoch from converged.now() - \(killedAt))::float8"
            ).scalar()
            #expect(waited <= 15)
            try await platform.awaitSettled(assistant)
            platform.expectClean([assistant])
        }
    }
}
