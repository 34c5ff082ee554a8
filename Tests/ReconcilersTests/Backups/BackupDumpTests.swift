import Foundation
import Postgres
import Queue
import Support
import Testing
import Vendors

@testable import Reconcilers

/// Dumps of databases, with programs of ours in place of Postgres' own.
@Suite("Dumps with a real Docker daemon", .enabled("Docker can run here") { await DockerObstacle.found == nil })
struct BackupDumpTests {
    private func with(
        _ door: BackupDoor = .daemon, _ body: (BackupStage, _ key: String, _ container: String) async throws -> Void
    ) async throws {
        try await BackupStage.with(door) { stage in
            let name = "db-" + UUID().uuidString.prefix(8).lowercased()
            let id: UUID = try await stage.database.query(
                """
                insert into converged.services (name, droplet, team, image)
                values (\(name), 'one', 'alpha', 'postgres:16') returning id
                """
            ).scalar()
            try await stage.database.query("insert into converged.dumps (service) values (\(id))")
            let key = "service/\(id.uuidString.lowercased())"
            var spec = DockerContainerSpec(name: name, image: TestDocker.image, command: ["sleep", "1000"])
            spec.labels = [Marks.owner: key]
            spec.host.network = .none
            spec.stopSignal = "KILL"
            _ = try await stage.docker.createContainer(spec)
            try await stage.docker.startContainer(name)
            let result: Result<Void, any Error>
            do { result = .success(try await body(stage, key, name)) } catch { result = .failure(error) }
            _ = try? await stage.docker.removeContainer(name, isForced: true)
            try result.get()
        }
    }

    private func put(_ name: String, _ script: String, into container: String, _ stage: BackupStage) async throws {
        try await stage.docker.putArchive(
            [.file(name, Array("#!/bin/sh\n\(script)\n".utf8), mode: 0o755)], into: container, at: "/bin")
    }

    private static let restore = """
        echo "$@" >/tmp/argv; for f; do :; done; cp $f /tmp/in
        echo ";     TOC Entries: $(cat /tmp/entries 2>/dev/null || echo 7)"
        """

    @Test(arguments: BackupDoor.allCases)
    func aDatabaseIsDumpedAndRestoredInOneTransaction(through door: BackupDoor) async throws {
        try await with(door) { stage, key, container in
            try await stage.docker.putArchive(
                [.file("dump", WrittenDump.bytes(), mode: 0o644)], into: container, at: "/tmp")
            try await put("pg_dump", "echo \"$@\" >/tmp/dump-argv; cat /tmp/dump", into: container, stage)
            try await put("pg_restore", Self.restore, into: container, stage)
            #expect(try await stage.settle(key) == 0)
            #expect(try await stage.condition("BackedUp", key) == "True/BackedUp")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: try await stage.newestFile()))
            #expect(Array(bytes) == WrittenDump.bytes())
            func argv() async throws -> String {
                String(decoding: try await stage.docker.readFile("/tmp/argv", in: container), as: UTF8.self)
            }
            #expect(try await argv() == "--list /tmp/converged.dump\n")
            let listed = try await stage.docker.readFile("/tmp/in", in: container)
            #expect(
                listed.count < bytes.count && bytes.starts(with: listed), "only the table of contents is brought there")
            let dumped = try await stage.docker.readFile("/tmp/dump-argv", in: container)
            #expect(
                String(decoding: dumped, as: UTF8.self)
                    == "--format=custom --no-password --username=postgres --dbname=default\n")
            let id: Int64 = try await stage.database.query("select id from converged.backups").scalar()
            try await stage.request("select converged.request_restore(\(id))")
            #expect(try await stage.settle(key) == 0)
            #expect(try await stage.condition("Restored", key) == "True/Restored")
            #expect(try await argv().contains("--single-transaction"))
            #expect(try await stage.docker.readFile("/tmp/in", in: container) == WrittenDump.bytes())
            #expect(try await stage.states() == "good good")
            let gone = try? await stage.docker.stat("/tmp/converged.dump", in: container)
            #expect(gone == nil)
        }
    }

    @Test func aDumpThatFailsIsToldInItsOwnWordsAndLeavesNothing() async throws {
        try await with { stage, key, container in
            // No program at all, one that fails in the middle, and one that says nothing.
            #expect(try await stage.run(key).outcome != .settled(next: nil))
            #expect(try await stage.condition("BackedUp", key) == "False/BackupFailed")
            try await stage.docker.putArchive(
                [.file("dump", WrittenDump.bytes(), mode: 0o644)], into: container, at: "/tmp")
            for script in ["cat /tmp/dump; echo connection refused >&2; exit 1", "exit 0", "head -c 20 /tmp/dump"] {
                try await put("pg_dump", script, into: container, stage)
                guard case .retry(let why) = try await stage.run(key).outcome else {
                    Issue.record("'\(script)' is no failure")
                    continue
                }
                if script.contains("refused") {
                    #expect(why.contains("ended with 1") && why.contains("connection refused"))
                }
            }
            // A whole one that cannot be listed, or has another number of entries in the eyes of pg_restore.
            try await put("pg_dump", "cat /tmp/dump", into: container, stage)
            for (script, words) in [("exit 1", "ended with 1"), (Self.restore, "lists 6 entries")] {
                try await stage.docker.putArchive([.file("entries", [54], mode: 0o644)], into: container, at: "/tmp")
                try await put("pg_restore", script, into: container, stage)
                guard case .retry(let why) = try await stage.run(key).outcome else {
                    Issue.record("'\(script)' is no failure")
                    continue
                }
                #expect(why.contains(words), "\(why)")
                let left = try? await stage.docker.stat(ArchiveTool.path, in: container)
                #expect(left == nil)
            }
            #expect(try await stage.states() == "failed failed failed failed failed failed")
            #expect(try await stage.condition("BackedUp", key) == "False/BackupFailed")
            #expect(try stage.files().isEmpty)
            // Its container vanishes.
            try await stage.docker.removeContainer(container, isForced: true)
            try await stage.request(
                "select converged.request_backup('service', \(key.dropFirst(8).description)::text::uuid)")
            try await stage.run(key)
            let error: String = try await stage.database.query(
                "select error from converged.backups order by id desc limit 1"
            ).scalar()
            #expect(error == "there is no container \(container) on one")
        }
    }
}
