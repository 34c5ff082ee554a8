import Foundation
import Postgres
import Simulators
import Support
import Testing

/// A stop is soft, and nothing that was under way is lost.
@Suite struct StopTests {
    @Test func aStopInTheMiddleOfACreateLosesAndDoublesNothing() async throws {
        var options = Platform.Options()
        options.settings["CONVERGED_WORKER_GRACE_SECONDS"] = "0"
        try await Platform.run(options) { platform in
            let gate = Gate()
            platform.fly.onCall { call, phase in
                if phase == .before, call.action == "create-machine" { await gate.pass() }
                return .proceed
            }
            let first = try await platform.startDaemon()
            let assistants = try await platform.signUp(3)
            try await gate.awaitArrivals(3)
            first.kill(SIGTERM)
            let code = await first.wait()
            await gate.open()
            #expect(code == 0, "\(first.log.suffix(2000))")

            let handedBack = try await platform.count(
                "select count(*) from converged.jobs where kind = 'machine' and state = 'ready' and attempt = 0")
            #expect(handedBack == 3)
            #expect(try await platform.workers().isEmpty)
            #expect(try await platform.count("select count(*) from converged.job_errors") == 0)

            try await platform.startDaemon()
            try await platform.awaitSettled(assistants)
            platform.expectClean(assistants)
        }
    }

    /// Within the grace, runs end by themselves.
    @Test func runsMayEndWithinTheGrace() async throws {
        try await Platform.run { platform in
            let gate = Gate()
            platform.fly.onCall { call, phase in
                if phase == .before, call.action == "create-machine" { await gate.pass() }
                return .proceed
            }
            let daemon = try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await gate.awaitArrivals(1)
            daemon.kill(SIGTERM)
            await gate.open()
            #expect(await daemon.wait() == 0, "\(daemon.log.suffix(2000))")
            #expect(platform.fly.liveMachines(app: assistant.app).count == 1)
            #expect(try await platform.column("fly_machine_id", of: assistant) == platform.machine(assistant).id)
        }
    }

    @Test func anIdleDaemonStopsAtOnceOnEitherSignal() async throws {
        try await Platform.run { platform in
            for signal in [SIGTERM, SIGINT] {
                let daemon = try await platform.startDaemon()
                daemon.kill(signal)
                #expect(await daemon.wait() == 0, "\(daemon.log.suffix(2000))")
                #expect(try await platform.workers().isEmpty)
            }
        }
    }
}
