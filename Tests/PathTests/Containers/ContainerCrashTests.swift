import Foundation
import Postgres
import Simulators
import Support
import Testing

/// Whatever call or commit a daemon dies at, or hears no answer to: the next one ends in the same state, with one
/// container, its data and the first token, and then keeps still.
@Suite struct ContainerCrashTests {
    @Test(arguments: ContainerCrashScenario.all)
    func everyPointLeadsToTheSameEnd(_ scenario: ContainerCrashScenario) async throws {
        let lane = try await ContainerLane.open()
        var variants = 0
        for kind in CrashPoint.Kind.allCases {
            for mode in CrashPoint.Mode.allCases {
                for number in 1..<200 {
                    let point = CrashPoint(kind: kind, mode: mode, number: number)
                    guard try await hit(scenario, point, lane) else { break }
                    variants += 1
                }
            }
        }
        print("crash: container, \(scenario): \(variants) variants")
        #expect(variants >= 12, "\(scenario) was hit at \(variants) points only")
        #expect(lane.docker.breaches.isEmpty, "\(lane.docker.breaches)")
        try await lane.close()
    }

    /// False when the daemon came to the end before the point: then there are no more points.
    private func hit(
        _ scenario: ContainerCrashScenario, _ point: CrashPoint, _ lane: ContainerLane
    ) async throws -> Bool {
        try await lane.clear()
        let pa = try await lane.insertPA()
        if let change = scenario.change {
            let daemon = ContainerDaemon.start(lane)
            try await lane.settle(pa, "Running")
            try await daemon.end()
            lane.docker.setHostFile(ContainerLane.dataPath + "/sessions.db", .init("precious"))
            lane.docker.clearLedger()
            try await lane.change(pa, change)
        }
        let crasher = try Crasher(point, before: lane.database.cluster)
        lane.docker.onCall { [weak crasher] _, phase in
            switch crasher?.act(isBefore: phase == .before) ?? .proceed {
            case .proceed: .proceed
            case .dropReply: .dropReply
            case .refuseAndClose: .refuseAndClose
            }
        }
        let daemon = ContainerDaemon.start(lane, through: crasher.wire)
        try await lane.settle(pa, scenario.reason, interrupted: { crasher.isDead })
        let wasHit = crasher.hasFired
        try await daemon.end()
        lane.docker.onCall(nil)
        crasher.wire.cutAll()
        if wasHit {
            let next = ContainerDaemon.start(lane)
            try await lane.settle(pa, scenario.reason)
            try await expectSilence(pa, scenario, lane)
            try await next.end()
        }
        let wrong = try await scenario.verify(pa, on: lane)
        #expect(wrong.isEmpty, "\(scenario), \(point): \(wrong.joined(separator: "; "))")
        return wasHit && wrong.isEmpty
    }

    /// A resync of what is settled changes nothing.
    private func expectSilence(_ pa: UUID, _ scenario: ContainerCrashScenario, _ lane: ContainerLane) async throws {
        guard scenario.reason != "gone" else { return }
        let last = lane.docker.ledger.last?.sequence ?? 0
        try await lane.wake(pa)
        try await eventually("\(scenario): the containers are looked at again", within: .seconds(30)) {
            lane.docker.ledger.contains { $0.sequence > last && $0.action == "list-containers" }
        }
        try await lane.settle(pa, scenario.reason)
        // The checklist looks by a command, which is a change to Docker.
        let moves = lane.docker.ledger.filter { $0.sequence > last && $0.mutating && !$0.action.hasSuffix("-exec") }
        #expect(moves.isEmpty, "\(scenario): moves after it is settled: \(moves)")
    }
}
