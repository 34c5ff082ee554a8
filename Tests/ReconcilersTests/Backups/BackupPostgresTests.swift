import Foundation
import Postgres
import Queue
import Support
import Testing
import Vendors

@testable import Reconcilers

/// A team's CRM database in a real PostgreSQL server, with that server's own programs.
@Suite("Dumps of a real PostgreSQL", .enabled("Docker can run here") { await DockerObstacle.found == nil })
struct BackupPostgresTests {
    private static let image = Task { () -> String in
        try await TestDocker.shared.makePostgresImage("local/postgres:15")
        return "local/postgres:15"
    }

    private struct Server: Sendable {
        let stage: BackupStage
        let key: String
        let name: String

        /// What a query answers, by the server's own client.
        @discardableResult func ask(_ sql: String) async throws -> String {
            let argv = ["psql", "-U", "postgres", "-d", "default", "-v", "ON_ERROR_STOP=1", "-Atqc", sql]
            let result = try await stage.docker.run(DockerExecSpec(argv), in: name, timeout: .seconds(60))
            try #require(result.exitCode == 0, "\(result.output.errorText)")
            return result.output.outputText.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// Rows, a large object, and something of each kind that a dump has entries for.
        func fill() async throws {
            try await ask(
                """
                create schema crm;
                create table crm.person (id bigint generated always as identity primary key, name text, notes bytea);
                create index on crm.person (name);
                create view crm.names as select name from crm.person;
                create function crm.one() returns int language plpgsql as 'begin return 1; end';
                comment on table crm.person is 'people';
                insert into crm.person (name, notes)
                    select 'person ' || n, decode(repeat(md5(n::text), 8), 'hex') from generate_series(1, 5000) n;
                select lo_from_bytea(4711, 'a large object')
                """)
        }

        func digest() async throws -> String {
            try await ask(
                "select count(*) || md5(string_agg(id || name || notes::text, ',' order by id)) from crm.person")
        }

        /// A program of its path is another one from now on; nil: the real one again.
        func replace(_ program: String, with script: String?) async throws {
            let real = "/usr/lib/postgresql/15/bin/\(program)"
            let argv =
                if let script {
                    [
                        "sh", "-c",
                        "printf '%s\\n' '#!/bin/sh' \"$1\" >/bin/\(program).new; chmod 755 /bin/\(program).new; "
                            + "[ -e \(real).real ] || mv \(real) \(real).real; mv /bin/\(program).new \(real)", "sh",
                        script,
                    ]
                } else {
                    ["mv", "\(real).real", real]
                }
            let result = try await stage.docker.run(
                DockerExecSpec(argv, user: "0"), in: name, timeout: .seconds(60))
            try #require(result.exitCode == 0, "\(result.output.errorText)")
        }

        func isClean() async throws -> Bool {
            do {
                _ = try await stage.docker.stat(ArchiveTool.path, in: name)
                return false
            } catch let error as DockerError where error.kind == .noSuchPath { return true }
        }
    }

    private func with(_ door: BackupDoor = .daemon, _ body: (Server) async throws -> Void) async throws {
        let image = try await Self.image.value
        try await BackupStage.with(door) { stage in
            let name = "twenty-alpha-db-" + UUID().uuidString.prefix(8).lowercased()
            let id: UUID = try await stage.database.query(
                "insert into converged.services (name, droplet, team, image) values (\(name), 'one', 'alpha', \(image)) returning id"
            ).scalar()
            try await stage.database.query("insert into converged.dumps (service) values (\(id))")
            let server = Server(stage: stage, key: "service/\(id.uuidString.lowercased())", name: name)
            var spec = DockerContainerSpec(name: name, image: image)
            spec.labels = [Marks.owner: server.key]
            spec.host.network = .none
            _ = try await stage.docker.createContainer(spec)
            try await stage.docker.startContainer(name)
            let result: Result<Void, any Error>
            do {
                try await eventually("the server listens", within: .seconds(120)) {
                    let made = try await stage.docker.run(
                        DockerExecSpec(["createdb", "-U", "postgres", "default"]), in: name, timeout: .seconds(60))
                    return made.exitCode == 0
                }
                try await server.fill()
                result = .success(try await body(server))
            } catch { result = .failure(error) }
            _ = try? await stage.docker.removeContainer(name, isForced: true)
            try result.get()
        }
    }

    @Test(arguments: BackupDoor.allCases)
    func rowsThatWereDroppedAreBack(through door: BackupDoor) async throws {
        try await with(door) { server in
            let stage = server.stage
            let before = try await server.digest()
            #expect(try await stage.settle(server.key) == 0)
            #expect(try await stage.condition("BackedUp", server.key) == "True/BackedUp")
            #expect(try await server.isClean())
            // The host's pg_restore lists the same.
            let (id, entries) = try await stage.database.query("select id, entries from converged.backups")[0]
                .decode((Int64, Int64).self)
            let file = try await stage.newestFile()
            let listing = try await Command.check(["/usr/lib/postgresql/15/bin/pg_restore", "--list", file])
            #expect(listing.contains(";     TOC Entries: \(entries)\n"))
            #expect(listing.contains("TABLE DATA crm person") && listing.contains("BLOBS"))

            try await server.ask("drop table crm.person cascade; select lo_unlink(4711)")
            try await stage.request("select converged.request_restore(\(id))")
            #expect(try await stage.settle(server.key) == 0)
            #expect(try await stage.condition("Restored", server.key) == "True/Restored")
            #expect(try await server.digest() == before)
            #expect(try await server.ask("select count(*) from crm.names") == "5000")
            #expect(try await server.ask("select convert_from(lo_get(4711), 'utf8')") == "a large object")
            #expect(try await server.isClean())
            #expect(try await stage.states() == "good good", "what was there before is saved")
        }
    }

    @Test func aDumpThatIsNoWholeIsNoBackUp() async throws {
        try await with { server in
            let stage = server.stage
            // Each ends well: only a look at what arrived can tell.
            let real = "/usr/lib/postgresql/15/bin/pg_dump.real \"$@\""
            let damages = [
                ("\(real) | head -c 9000", "breaks off"), ("\(real) | head -c 60000", "breaks off"),
                ("\(real) >/tmp/d; head -c $(($(wc -c </tmp/d) - 5)) /tmp/d", "breaks off"),
                ("echo nothing at all", "no dump"), ("exit 0", "breaks off"),
            ]
            for (script, words) in damages {
                try await server.replace("pg_dump", with: script)
                guard case .retry(let why) = try await stage.run(server.key).outcome else {
                    Issue.record("'\(script)' is no failure")
                    continue
                }
                #expect(why.contains(words), "\(script): \(why)")
                #expect(try await stage.condition("BackedUp", server.key) == "False/BackupFailed")
                #expect(try stage.files().isEmpty)
            }
            try await server.replace("pg_dump", with: nil)
            #expect(try await stage.settle(server.key) == 0)
            #expect(try await stage.condition("BackedUp", server.key) == "True/BackedUp")
        }
    }

    @Test func copiesThatAreCutOrDamagedAreFound() async throws {
        try await with { server in
            let stage = server.stage
            try await stage.settle(server.key)
            let whole = Array(try Data(contentsOf: URL(fileURLWithPath: try await stage.newestFile())))
            let tool = ArchiveTool(docker: stage.docker, container: server.name, timeout: .seconds(60))
            let path = stage.folder + "/copy.dump"
            func verify(_ bytes: [UInt8]) async throws {
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                try await tool.list(path, try await BackupReading(path: path).content(.dump))
            }
            try await verify(whole)
            var census = DumpCensus()
            try census.take(whole)
            let contents = Int(try #require(census.contentsBytes))
            for cut in [0, 100, contents - 1, contents, contents + 1, whole.count / 2, whole.count - 1] {
                await #expect(throws: BackupFault.self, "cut at \(cut)") { try await verify(Array(whole.prefix(cut))) }
            }
            // The first entry gets the number 0, which only pg_restore minds: fields are where they were.
            var damaged = whole
            let entry = try #require(Self.firstEntry(of: whole))
            damaged.replaceSubrange(entry..<(entry + 5), with: [0, 0, 0, 0, 0])
            await #expect(throws: BackupFault.self) { try await verify(damaged) }
            #expect(try await server.isClean())
            // A file that was cut later is not restored.
            try Data(whole.dropLast()).write(to: URL(fileURLWithPath: try await stage.newestFile()))
            let id: Int64 = try await stage.database.query("select id from converged.backups").scalar()
            let before = try await server.digest()
            try await stage.request("select converged.request_restore(\(id))")
            try await stage.settle(server.key)
            #expect(try await stage.condition("Restored", server.key) == "False/RestoreFailed")
            #expect(try await server.digest() == before)
        }
    }

    /// Behind mark, compression, seven numbers of the time, three texts and the count.
    private static func firstEntry(of dump: [UInt8]) -> Int? {
        var place = 11 + 5 + 7 * 5
        for _ in 0..<3 {
            guard dump.count > place + 5 else { return nil }
            place += 5 + Int(dump[place + 1]) + Int(dump[place + 2]) << 8
        }
        return place + 5
    }
}
