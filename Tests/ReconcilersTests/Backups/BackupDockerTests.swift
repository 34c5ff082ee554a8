import Foundation
import Postgres
import Queue
import Support
import Testing
import Vendors

@testable import Reconcilers

/// Data directories of containers of a real daemon, to files and back.
@Suite("Back-ups with a real Docker daemon", .enabled("Docker can run here") { await DockerObstacle.found == nil })
struct BackupDockerTests {
    /// A PA's container on a data directory with a config of user 1000.
    private func with(
        _ door: BackupDoor = .daemon,
        _ body: (BackupStage, _ container: String, _ data: String) async throws -> Void
    ) async throws {
        let data = try TemporaryFolder.make("data")
        defer { TemporaryFolder.remove(data) }
        try await BackupStage.with(door, places: data) { stage in
            let name = try await stage.container()
            var spec = DockerContainerSpec(name: name, image: TestDocker.image, command: ["sleep", "1000"])
            spec.labels = [Marks.owner: "pa/\(stage.id)"]
            spec.host.network = .none
            spec.host.mounts = [DockerMount(.bind, data, at: "/home/node/.openclaw")]
            spec.stopSignal = "KILL"
            _ = try await stage.docker.createContainer(spec)
            try await stage.docker.startContainer(name)
            try await Command.check([
                "sh", "-c", "mkdir $0/memory; echo old >$0/memory/a; echo {} >$0/openclaw.json", data,
            ])
            try await Command.check(["chmod", "600", data + "/openclaw.json"])
            try await Command.check(["chown", "-R", "1000:1000", data])
            let result: Result<Void, any Error>
            do { result = .success(try await body(stage, name, data)) } catch { result = .failure(error) }
            for one in [name, name + ".restore"] { _ = try? await stage.docker.removeContainer(one, isForced: true) }
            try result.get()
        }
    }

    @Test func aDataDirectoryIsBackedUpRunningOrNot() async throws {
        try await with { stage, container, _ in
            #expect(try await stage.settle() == 0)
            #expect(try await stage.states() == "good")
            #expect(try await stage.condition() == "True/BackedUp")
            let file = try await stage.newestFile()
            let listing = try await Command.check(["tar", "-tf", file])
            #expect(
                listing.split(separator: "\n").sorted() == [
                    ".openclaw/", ".openclaw/memory/", ".openclaw/memory/a", ".openclaw/openclaw.json",
                ])
            let sum: String = try await stage.database.query("select sha256 from converged.backups").scalar()
            #expect(try await Command.check(["sha256sum", file]).hasPrefix(sum))
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            // Not due again, unless asked for; then also of a stopped one.
            #expect(try await stage.settle() == 0)
            #expect(try await stage.states() == "good")
            try await stage.docker.stopContainer(container, graceSeconds: 0)
            try await stage.request("select converged.request_backup('pa', \(stage.id)::text::uuid)")
            #expect(try await stage.settle() == 0)
            #expect(try await stage.states() == "good good")
            let entries: [Int64] = try await stage.database.query("select entries from converged.backups").column(0)
            #expect(entries == [4, 4])
        }
    }

    @Test func filesAndRowsAreHealedAndOldOnesGo() async throws {
        try await with { stage, container, _ in
            try await stage.settle()
            let file = try await stage.newestFile()
            let folder = (file as NSString).deletingLastPathComponent
            // A whole one that no row knows, one that is none, and one that was never finished.
            try FileManager.default.copyItem(atPath: file, toPath: folder + "/20260101T000000Z-77.tar")
            try "half".write(toFile: folder + "/20260102T000000Z-78.tar", atomically: true, encoding: .utf8)
            try "half".write(toFile: folder + "/20260103T000000Z-79.tar.part", atomically: true, encoding: .utf8)
            try await stage.settle()
            // Found, and too old at once.
            #expect(try await stage.states() == "good")
            #expect(try stage.files().count == 1)
            try FileManager.default.removeItem(atPath: file)
            try await stage.settle()
            #expect(try await stage.states() == "lost good")
            try await moveClock(of: stage.database, by: .seconds(86_400 * 15))
            try await stage.settle()
            #expect(try await stage.states() == "good")
            #expect(try stage.files().count == 1)
            // Of what is gone everything goes in the end.
            try await stage.docker.removeContainer(container, isForced: true)
            try await stage.database.query("delete from converged.pas")
            try await moveClock(of: stage.database, by: .seconds(86_400 * 15))
            #expect(try await stage.run().outcome == .settled(next: .seconds(86_400)))
            #expect(try await stage.run().outcome == .settled(next: nil))
            #expect(try stage.files().isEmpty)
        }
    }

    @Test(arguments: BackupDoor.allCases)
    func aRestorePutsEverythingBackAndSavesWhatWasThere(through door: BackupDoor) async throws {
        try await with(door) { stage, container, data in
            try await stage.settle()
            let first: Int64 = try await stage.database.query("select id from converged.backups").scalar()
            try await Command.check(["sh", "-c", "echo new >$0/memory/a; rm $0/openclaw.json; echo x >$0/-added", data])
            try await stage.request("select converged.request_restore(\(first))")
            // Its reconciler is at work: nothing happens before that ends.
            try await stage.database.query(
                """
                insert into converged.jobs (kind, queue, key, state, priority, run_at, rank, woken_at, created_at, fence)
                select 'pa@one', 'default', \(stage.id), 'running', 0, now, now, now, now, nextval('converged.fences')
                from converged.now() as now
                """)
            #expect(try await stage.run().outcome == .again(after: .seconds(1)))
            let pause: String = try await stage.database.query(
                "select kind || '/' || key from converged.pauses"
            ).scalar()
            #expect(pause == "pa@one/\(stage.id)")
            try await stage.database.query("delete from converged.jobs")
            #expect(try await stage.settle() == 0)
            #expect(try await stage.condition("Restored") == "True/Restored")
            let names = try FileManager.default.contentsOfDirectory(atPath: data).sorted()
            #expect(names == ["memory", "openclaw.json"])
            #expect(try String(contentsOfFile: data + "/memory/a", encoding: .utf8) == "old\n")
            let owner = try FileManager.default.attributesOfItem(atPath: data + "/openclaw.json")
            #expect(owner[.ownerAccountID] as? Int == 1000 && owner[.posixPermissions] as? Int == 0o600)
            #expect(try await stage.docker.inspectContainer(container).state.isRunning)
            #expect(try await stage.database.query("select from converged.pauses").isEmpty)
            let left = try await stage.docker.listContainers(DockerFilter(names: [container + ".restore"]))
            #expect(left.isEmpty)
            // What was there is the newest back-up.
            #expect(try await stage.states() == "good good")
            let saved = try await Command.check(["tar", "-xOf", try await stage.newestFile(), ".openclaw/memory/a"])
            #expect(saved == "new\n")
        }
    }

    @Test func aDamagedFileRestoresNothing() async throws {
        try await with { stage, container, data in
            try await stage.settle()
            let file = try await stage.newestFile()
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seek(toOffset: 600)
            try handle.write(contentsOf: Data("damage".utf8))
            try handle.close()
            let id: Int64 = try await stage.database.query("select id from converged.backups").scalar()
            try await stage.request("select converged.request_restore(\(id))")
            try await stage.settle()
            #expect(try await stage.condition("Restored") == "False/RestoreFailed")
            let error: String = try await stage.database.query("select error from converged.restores").scalar()
            #expect(error.contains("differs") || error.contains("damaged"), "\(error)")
            #expect(try String(contentsOfFile: data + "/memory/a", encoding: .utf8) == "old\n")
            #expect(try await stage.docker.inspectContainer(container).state.isRunning)
        }
    }

    @Test func aRestoreThatCannotGoOnIsUndone() async throws {
        try await with { stage, container, data in
            try await stage.settle()
            let id: Int64 = try await stage.database.query("select id from converged.backups").scalar()
            try await stage.request("select converged.request_restore(\(id))")
            // A container without the data directory's mount cannot be restored to.
            try await stage.docker.removeContainer(container, isForced: true)
            var spec = DockerContainerSpec(name: container, image: TestDocker.image, command: ["sleep", "1000"])
            spec.host.network = .none
            spec.stopSignal = "KILL"
            _ = try await stage.docker.createContainer(spec)
            try await stage.docker.startContainer(container)
            try await stage.docker.putArchive(
                [
                    TarEntry.folder("home", mode: 0o755), .folder("home/node", mode: 0o755),
                    .folder("home/node/.openclaw", mode: 0o700),
                ],
                into: container, at: "/")
            try await stage.settle()
            #expect(try await stage.condition("Restored") == "False/RestoreFailed")
            #expect(try await stage.docker.inspectContainer(container).state.isRunning)
            #expect(try await stage.database.query("select from converged.pauses").isEmpty)
            #expect(try String(contentsOfFile: data + "/memory/a", encoding: .utf8) == "old\n")
        }
    }
}
