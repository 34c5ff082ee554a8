import Postgres
import Reconcilers
import Support
import Testing

/// Whatever call or commit a daemon dies at while it puts a back-up back, or hears no answer to: the next one ends with
/// either all of what was there or all of the back-up, as without a crash, and the container runs again.
@Suite struct RestoreCrashTests {
    @Test(arguments: RestoreScenario.all)
    func everyPointLeadsToTheSameEnd(_ scenario: RestoreScenario) async throws {
        let folder = try TemporaryFolder.make("restore")
        defer { TemporaryFolder.remove(folder) }
        let settings = BackupSettings(directory: folder)
        let kinds: DropletLane.Kinds = { Backups.jobKinds(on: $0, database: $1, settings: settings) }
        try await DropletLane.with("backup@one", kinds) { lane in
            try await scenario.prepare(lane)
            let variants = try await DropletLane.forEachPoint { point in
                try await scenario.begin(lane, folder: folder)
                let wasHit = try await lane.crash(
                    at: point, until: "select every(state in ('done', 'failed')) from converged.restores")
                let wrong = try await scenario.verify(lane, folder: folder)
                #expect(wrong.isEmpty, "\(scenario), \(point): \(wrong.joined(separator: "; "))")
                return wasHit && wrong.isEmpty
            }
            print("crash: restore, \(scenario): \(variants) variants")
            #expect(variants >= 12, "\(scenario) was hit at \(variants) points only")
        }
    }
}
