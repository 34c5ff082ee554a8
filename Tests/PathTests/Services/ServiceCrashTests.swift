import Reconcilers
import Testing

/// Whatever call or commit a daemon dies at while it makes, changes or removes a team's services, or hears no answer to: the
/// next one ends with one container for each, started in their order, and all of their volumes.
@Suite struct ServiceCrashTests {
    @Test(arguments: ServiceCrashScenario.all, CrashPoint.Mode.allCases)
    func everyPointLeadsToTheSameEnd(_ scenario: ServiceCrashScenario, _ mode: CrashPoint.Mode) async throws {
        let kinds: DropletLane.Kinds = { [Services.jobKind(on: $0, database: $1)] }
        try await DropletLane.with("service@one", kinds) { lane in
            scenario.prepare(lane)
            let variants = try await DropletLane.forEachPoint(of: scenario.kinds, [mode], inTurn: scenario.inTurn) {
                point in
                try await scenario.begin(lane)
                let wasHit = try await lane.crash(at: point, until: scenario.end)
                let wrong = try await scenario.verify(lane)
                #expect(wrong.isEmpty, "\(scenario), \(point): \(wrong.joined(separator: "; "))")
                return wasHit && wrong.isEmpty
            }
            print("crash: services, \(scenario), \(mode.rawValue): \(variants) variants")
            #expect(variants >= 6, "\(scenario) was hit at \(variants) points only")
        }
    }
}
