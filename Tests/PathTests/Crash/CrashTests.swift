import Foundation
import Postgres
import Simulators
import Support
import Testing

/// Whatever call or commit a daemon dies at, or hears no answer to: the next one ends in the same state, with one
/// machine, one volume and the first token, and then keeps still.
@Suite struct CrashTests {
    @Test(arguments: CrashScenario.all) func everyPointLeadsToTheSameEnd(_ scenario: CrashScenario) async throws {
        let lane = try await FlyLane.open()
        var variants = 0
        for kind in CrashPoint.Kind.allCases {
            for mode in CrashPoint.Mode.allCases {
                for number in 1..<100 {
                    let point = CrashPoint(kind: kind, mode: mode, number: number)
                    guard try await hit(scenario, point, lane) else { break }
                    variants += 1
                }
            }
        }
        print("crash: \(scenario): \(variants) variants")
        #expect(variants >= 12, "\(scenario) was hit at \(variants) points only")
        let violations = lane.fly.violations.filter { $0.kind != .missingNonce }
        #expect(violations.isEmpty, "\(violations)")
        try await lane.close()
    }

    /// False when the daemon came to the end before the point: then there are no more points.
    private func hit(_ scenario: CrashScenario, _ point: CrashPoint, _ lane: FlyLane) async throws -> Bool {
        let machine = try await lane.insertMachine(profile: scenario.profile)
        if let change = scenario.change {
            let daemon = DaemonLife.start(lane)
            _ = try await lane.settle(machine, "running")
            try await daemon.end()
            var update: SQL = "update converged.machines set "
            update.append(change)
            update.append(" where id = \(machine)")
            try await lane.admin.query(update)
        }
        let crasher = try Crasher(point, lane)
        let daemon = DaemonLife.start(lane, through: crasher.wire)
        _ = try await lane.settle(machine, scenario.status, interrupted: { crasher.isDead })
        let wasHit = crasher.hasFired
        try await daemon.end()
        lane.fly.onCall(nil)
        crasher.wire.cutAll()
        let next = DaemonLife.start(lane)
        _ = try await lane.settle(machine, scenario.status)
        try await expectSilence(machine, scenario, lane)
        try await next.end()
        let wrong = try await scenario.verify(machine, on: lane)
        #expect(wrong.isEmpty, "\(scenario), \(point): \(wrong.joined(separator: "; "))")
        return wasHit && wrong.isEmpty
    }

    /// Three resyncs of what is settled change nothing.
    private func expectSilence(_ machine: UUID, _ scenario: CrashScenario, _ lane: FlyLane) async throws {
        guard scenario.status != "gone" else { return }
        lane.fly.clearLedger()
        for _ in 0..<3 {
            let looks = lane.fly.calls("get-machine").count
            try await lane.wake(machine)
            _ = try await lane.settle(machine, scenario.status, looks: looks + 1)
        }
        let moves = lane.fly.ledger.filter(\.mutating)
        #expect(moves.isEmpty, "\(scenario): moves after it is settled: \(moves)")
    }
}
