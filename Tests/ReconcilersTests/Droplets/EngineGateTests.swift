import Postgres
import Queue
import Simulators
import Support
import Synchronization
import Testing
import Vendors

@testable import Reconcilers

@Suite("Work begins at the droplet's own engine only") struct EngineGateTests {
    /// A kind of work that counts its runs.
    private final class Runs: Sendable {
        let count = Mutex(0)
        var kind: JobKind {
            JobKind(name: "pa@one") { _ in
                self.count.withLock { $0 += 1 }
                return Verdict(.settled(next: nil))
            }
        }
        var total: Int { count.withLock { $0 } }
    }

    @Test func anotherEngineGetsNoWork() async throws {
        try await DropletStage.with { stage in
            let ids = try await stage.settle(2)
            let other = try await DockerSimulator.start()
            let gate = EngineGate(
                DropletStage.serve("one", other.socket, stage.outbound), database: stage.database)
            let runs = Runs()
            let verdict = try await stage.run(gate.guarding(runs.kind), ids[0])
            await other.stop()
            #expect(runs.total == 0)
            #expect(verdict.outcome == .again(after: .seconds(30)))
            #expect(try await stage.condition("Ready", of: ids[0], kind: "pa") == "Unknown/AnotherEngine")
            #expect(try await stage.condition("Ready", of: ids[1], kind: "pa") == "True/Running")
            #expect(other.ledger.filter(\.mutating).isEmpty)
            #expect(try await stage.run(stage.gate.guarding(runs.kind), ids[0]).outcome == .settled(next: nil))
            #expect(runs.total == 1)
        }
    }

    @Test func anEngineBelongsToOneDroplet() async throws {
        try await DropletStage.with { stage in
            try await stage.settle(1)
            try await stage.addDroplet("two")
            let gate = EngineGate(
                DropletStage.serve("two", stage.simulator.socket, stage.outbound), database: stage.database)
            guard case .closed(.anotherEngine, let why) = try await gate.look() else {
                Issue.record("two was given the engine of one")
                return
            }
            #expect(why.contains("another droplet's"))
            #expect(try await stage.column("engine_id", of: "two") == nil)
        }
    }

    @Test func anOperatorSaysThatTheHostWasReplaced() async throws {
        try await DropletStage.with { stage in
            try await stage.settle(1)
            try await stage.owner.query("update converged.droplets set engine_id = 'former'")
            try await stage.survey()
            #expect(try await stage.condition("Ready") == "False/AnotherEngine")
            #expect(try await stage.column("status") == "unknown")
            let operators = stage.test.open(role: "converged_operator")
            try await operators.query("update converged.droplets set engine_id = null where name = 'one'")
            await operators.close()
            try await stage.survey()
            #expect(try await stage.condition("Ready") == "True/Surveyed")
            #expect(try await stage.column("status") == "reachable")
        }
    }

    @Test func anUnreachableDaemonFreezesItsDropletAndComesBack() async throws {
        try await DropletStage.with { stage in
            let ids = try await stage.settle(3)
            stage.simulator.inject(.init(.refused, times: nil))
            await stage.gate.doubt()
            // One failure is not yet an outage.
            guard case .retry = try await stage.survey().outcome else {
                Issue.record("the survey did not fail")
                return
            }
            #expect(try await stage.column("status") == "reachable")
            try await stage.survey(attempt: 1)
            #expect(try await stage.column("status") == "unreachable")
            #expect(try await stage.condition("Ready") == "Unknown/HostUnreachable")
            for id in ids {
                #expect(try await stage.condition("Ready", of: id, kind: "pa") == "Unknown/HostUnreachable")
            }
            let runs = Runs()
            try await stage.run(stage.gate.guarding(runs.kind), ids[0])
            #expect(runs.total == 0)
            #expect(try await stage.wakes() == [])
            stage.simulator.clearFaults()
            try await eventually("the breaker lets the survey through", within: .seconds(30)) {
                try await stage.survey(attempt: 2).outcome == .settled(next: .seconds(60))
            }
            #expect(try await stage.wakes() == Set(ids.map { "pa@one/\($0)" } + ["routes@one/one"]))
            #expect(try await stage.column("status") == "reachable")
            try await stage.run(stage.gate.guarding(runs.kind), ids[0])
            #expect(runs.total == 1)
        }
    }
}
