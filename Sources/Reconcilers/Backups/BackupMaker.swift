import FoundationEssentials
import Postgres
import Queue
import Vendors

/// Makes one back-up: an open row, the stream into a file, and a second look at what is on the disk.
struct BackupMaker: Sendable {
    let droplet: String
    let docker: DockerClient
    let settings: BackupSettings
    let directory: String

    static let dataPath = "/home/node/.openclaw"

    /// - Returns: the row's id, and the statement that makes it a good one.
    /// - Throws: `BackupTrouble` when the back-up failed: its row is open still.
    func make(_ object: BackupObject, _ rows: BackupRows, _ lease: Lease) async throws -> (id: Int64, done: SQL) {
        let (id, file) = try await open(object, rows, lease)
        do {
            let path = directory + "/" + file
            let folder = file[..<(file.lastIndex(of: "/") ?? file.endIndex)]
            try await Disk.makeFolder(String(folder), below: directory)
            let draft = try await BackupDraft(path)
            let content: BackupContent
            do {
                content = try await fill(draft, object)
                try await draft.finish()
            } catch {
                await draft.discard()
                throw error
            }
            do {
                try await verify(path, content, object)
            } catch let error where !(error is CancellationError) {
                try await Disk.remove(path)
                throw error
            }
            return (id, Self.good(id, content))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw BackupTrouble(id: id, why: "\(error)", mayPass: (error as? DockerError)?.mayPass ?? false)
        }
    }

    /// The file itself, not what was heard while it was written.
    private func verify(_ path: String, _ content: BackupContent, _ object: BackupObject) async throws {
        guard try await BackupReading(path: path).content(object.format) == content else {
            throw BackupFault(
                "\(path) reads back as something else than was written: the disk is not to be trusted")
        }
        if object.format == .dump { try await tool(object).list(path, content) }
    }

    func tool(_ object: BackupObject) -> ArchiveTool {
        ArchiveTool(docker: docker, container: object.container, timeout: settings.deadline)
    }

    private static func good(_ id: Int64, _ content: BackupContent) -> SQL {
        """
        update converged.backups set state = 'good', finished_at = converged.now(), bytes = \(content.bytes),
            sha256 = \(content.sha256), entries = \(content.entries), error = null
        where id = \(id) and state = 'running'
        """
    }

    /// The row that was asked for, or that a former run left behind, or a new one.
    private func open(_ object: BackupObject, _ rows: BackupRows, _ lease: Lease) async throws -> (Int64, String) {
        let folder = "\(droplet)/\(object.container).\(rows.id)/"
        let answers = try await lease.write([
            """
            insert into converged.backups (kind, key, name, droplet, format, requested_by)
            values (\(rows.kind), \(rows.key), \(object.name), \(droplet), \(object.format.rawValue), 'schedule')
            on conflict (kind, key) where state in ('wanted', 'running') do nothing
            """,
            """
            update converged.backups b set state = 'running', started_at = coalesce(started_at, converged.now()),
                file = coalesce(file, \(folder) || to_char(converged.now() at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z-"')
                    || id || '.' || \(object.format.fileEnding))
            where kind = \(rows.kind) and key = \(rows.key) and state in ('wanted', 'running')
            returning id, file
            """,
        ])
        guard let row = answers.last?.first else { throw BackupFault("the row of the back-up is gone") }
        return try row.decode((Int64, String).self)
    }

    private func fill(_ draft: BackupDraft, _ object: BackupObject) async throws -> BackupContent {
        var pass = BackupPass(object.format)
        func take(_ chunk: [UInt8]) async throws {
            try pass.take(chunk)
            try await draft.write(chunk)
        }
        switch object.format {
        case .tar:
            try await docker.readArchive(
                of: Self.dataPath, in: object.container, timeout: settings.deadline, take)
        case .dump:
            let argv = [
                "pg_dump", "--format=custom", "--no-password", "--username=\(object.username)",
                "--dbname=\(object.database)",
            ]
            let result = try await docker.run(
                DockerExecSpec(argv), in: object.container, timeout: settings.deadline, output: take)
            guard result.exitCode == 0, result.output.isComplete else {
                throw BackupFault(
                    "pg_dump in \(object.container) ended with \(result.exitCode): \(result.output.errorText.suffix(300))"
                )
            }
        }
        return try pass.end()
    }
}

/// A back-up that failed. Its row is still open.
struct BackupTrouble: Error, CustomStringConvertible {
    var id: Int64
    var why: String
    /// The row may be taken up again: nothing says that it would fail again.
    var mayPass: Bool
    var description: String { why }
}

extension DockerError {
    var mayPass: Bool { !isTerminal && kind != .notFound }
}
