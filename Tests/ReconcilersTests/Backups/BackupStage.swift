import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Support
import Testing
import Vendors

@testable import Reconcilers

/// A real database with the PA ada on the droplet one, a folder for back-ups, and the job between them and a daemon.
struct BackupStage: Sendable {
    let test: TestDatabase
    let database: Database
    let daemon: Database
    let outbound: Outbound
    let docker: DockerClient
    let folder: String
    let id: String

    static func with(socket: String, _ body: (BackupStage) async throws -> Void) async throws {
        let test = try await TestDatabase.make()
        let database = test.open()
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let folder = try TemporaryFolder.make("backups")
        try await database.batch([
            "insert into converged.teams (name) values ('alpha')",
            """
            insert into converged.droplets (name, address, domain, served_by)
            values ('one', '203.0.113.1', 'team.example.com', 'host-1')
            """,
        ])
        // Unique, because real daemons are shared by tests.
        let name = "ada" + UUID().uuidString.prefix(8).lowercased()
        let id: UUID = try await database.query(
            "insert into converged.pas (name, team, droplet) values (\(name), 'alpha', 'one') returning id"
        ).scalar()
        let stage = BackupStage(
            test: test, database: database, daemon: test.open(role: "converged_daemon"), outbound: outbound,
            docker: DockerClient(outbound, endpoint: .unix(socket)), folder: folder, id: id.uuidString.lowercased())
        var failure: (any Error)?
        do { try await body(stage) } catch { failure = error }
        await outbound.close()
        for pool in [database, stage.daemon] { await pool.close() }
        try await test.drop()
        TemporaryFolder.remove(folder)
        if let failure { throw failure }
    }

    var settings: BackupSettings {
        var settings = BackupSettings(directory: folder)
        settings.deadline = .seconds(120)
        return settings
    }

    func container(_ key: String? = nil) async throws -> String {
        try await database.query(
            "select container from converged.backup_objects where \(key ?? "pa/" + id) = kind || '/' || key"
        ).scalar()
    }

    /// One run of the job, as the daemon's role, with its writes.
    @discardableResult
    func run(_ key: String? = nil, attempt: Int = 0, _ settings: BackupSettings? = nil) async throws -> Verdict {
        let name = key ?? "pa/\(id)"
        let (job, fence) = try await database.query(
            """
            insert into converged.jobs (kind, queue, key, state, priority, run_at, rank, woken_at, created_at, fence)
            select 'backup@one', 'default', \(name), 'running', 0, now, now, now, now, nextval('converged.fences')
            from converged.now() as now returning id, fence
            """
        )[0].decode((Int64, Int64).self)
        let lease = Lease(
            job: job, fence: fence, kind: "backup@one", key: name, attempt: attempt, wokenAt: Date(), database: daemon)
        let backups = BackupJob(
            droplet: "one", docker: docker, database: daemon, settings: settings ?? self.settings)
        do {
            let verdict = try await backups.run(lease)
            try await lease.write(verdict.writes)
            try await database.query("delete from converged.jobs where id = \(job)")
            return verdict
        } catch {
            try await database.query("delete from converged.jobs where id = \(job)")
            throw error
        }
    }

    /// Until nothing is left to do; how many runs failed on the way.
    @discardableResult
    func settle(_ key: String? = nil) async throws -> Int {
        var failures = 0
        for attempt in 0..<40 {
            switch try await run(key, attempt: attempt < 3 ? 0 : attempt).outcome {
            case .settled: return failures
            case .retry: failures += 1
            default: break
            }
        }
        throw NoRest()
    }

    /// `good good lost`, oldest first.
    func states() async throws -> String {
        try await database.query("select state from converged.backups order by id").column(0, as: String.self)
            .joined(separator: " ")
    }

    /// `True/BackedUp`
    func condition(_ type: String = "BackedUp", _ key: String? = nil) async throws -> String? {
        try await database.query(
            """
            select status || '/' || reason from converged.conditions
            where kind || '/' || key = \(key ?? "pa/" + id) and type = \(type)
            """
        ).column(0, as: String.self).first
    }

    /// Paths of all files, below the folder.
    func files() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            var isFolder = ObjCBool(false)
            return FileManager.default.fileExists(atPath: folder + "/" + path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    func newestFile() async throws -> String {
        folder + "/"
            + (try await database.query(
                "select file from converged.backups where state = 'good' order by id desc limit 1"
            ).scalar(as: String.self))
    }

    @discardableResult func request(_ sql: SQL) async throws -> Int64 {
        try await database.query(sql).scalar()
    }
}

struct NoRest: Error {}
