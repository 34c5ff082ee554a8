import Foundation
import Postgres
import Queue
import Simulators
import Support
import Testing
import Vendors

@testable import Reconcilers

/// A back-up that is interrupted anywhere is finished by whoever comes next; what cannot be written is told.
@Suite("Back-ups that are interrupted") struct BackupCrashTests {
    private static let image = "ghcr.io/openclaw/openclaw:1"

    private func with(_ body: (BackupStage, DockerSimulator) async throws -> Void) async throws {
        let simulator = try await DockerSimulator.start()
        simulator.publish(.init(Self.image), isLocal: true)
        let result: Result<Void, any Error>
        do {
            try await BackupStage.with(socket: simulator.socket) { stage in
                var spec = DockerContainerSpec(name: try await stage.container(), image: Self.image)
                spec.host.binds = [DockerBind("/opt/data", at: "/home/node/.openclaw")]
                _ = try await stage.docker.createContainer(spec)
                try await stage.docker.startContainer(spec.name)
                simulator.setHostFile(
                    "/opt/data/openclaw.json", .init(String(repeating: "x", count: 100_000), uid: 1000))
                simulator.clearLedger()
                try await body(stage, simulator)
            }
            result = .success(())
        } catch { result = .failure(error) }
        await simulator.stop()
        try result.get()
    }

    @Test(
        arguments: [
            .lostReply, .refused, .status(500, "no space left on device"), .cut(afterBytes: 700),
            .cut(afterBytes: 60_000),
        ] as [DockerSimulator.Effect])
    func everyCallMayFail(effect: DockerSimulator.Effect) async throws {
        var calls = 1
        var number = 0
        while number < calls {
            try await with { stage, simulator in
                simulator.inject(.init(effect, after: number))
                try await stage.settle()
                let good: Int = try await stage.database.query(
                    "select count(*) from converged.backups where state = 'good'"
                ).scalar()
                #expect(good == 1, "call \(number)")
                #expect(try stage.files().count == 1, "call \(number)")
                #expect(try await stage.condition() == "True/BackedUp")
                calls = max(calls, simulator.ledger.count)
            }
            number += 1
        }
        #expect(calls >= 2)
    }

    /// The process dies after the file has its name and before the row knows.
    @Test func aRunThatDiedIsDoneAgainInItsOwnPlace() async throws {
        try await with { stage, _ in
            try await stage.settle()
            try await stage.database.query(
                """
                update converged.backups set state = 'running', bytes = null, sha256 = null, entries = null, finished_at = null
                """)
            let file = try stage.files()
            try "half".write(toFile: stage.folder + "/" + file[0] + ".part", atomically: true, encoding: .utf8)
            #expect(try await stage.settle() == 0)
            #expect(try await stage.states() == "good")
            #expect(try stage.files() == file)
        }
    }

    @Test func withoutADirectoryNothingIsMade() async throws {
        try await with { stage, simulator in
            #expect(try await stage.run(nil, BackupSettings()).outcome == .settled(next: .seconds(3600)))
            #expect(try await stage.condition() == "Unknown/BackupsOff")
            #expect(simulator.ledger.isEmpty)
            let missing = BackupSettings(directory: stage.folder + "/missing")
            guard case .retry(let why) = try await stage.run(nil, missing).outcome else {
                Issue.record("a missing directory is no failure")
                return
            }
            #expect(why.contains("No such file") && why.contains("backups.directory"))
            #expect(try await stage.condition() == "False/BackupFailed")
        }
    }

    @Test(.enabled("mounts are for root") { geteuid() == 0 }) func aFullDiskIsNamedAndLeavesNothing() async throws {
        try await with { stage, _ in
            try await Command.check(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", stage.folder])
            let result: Result<Void, any Error>
            do {
                guard case .retry(let why) = try await stage.run().outcome else {
                    Issue.record("a full disk is no failure")
                    return
                }
                #expect(why.contains("No space left") && why.contains("keep_days"))
                #expect(try stage.files().isEmpty)
                #expect(try await stage.states() == "failed")
                result = .success(())
            } catch { result = .failure(error) }
            try await Command.check(["umount", stage.folder])
            try result.get()
        }
    }

    @Test func aPAThatWasNeverMadeHasNothingToBackUpYet() async throws {
        try await with { stage, simulator in
            simulator.removeContainer(try await stage.container())
            #expect(try await stage.run().outcome == .settled(next: .seconds(300)))
            #expect(try await stage.condition() == "Unknown/Provisioning")
            #expect(try await stage.states() == "")
            let woken: Int = try await stage.database.query(
                "select count(*) from converged.wakes where kind = 'backup@one' and key = \("pa/" + stage.id)"
            ).scalar()
            #expect(woken == 1)
        }
    }
}
