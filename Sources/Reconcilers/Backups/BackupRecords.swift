import FoundationEssentials
import Postgres
import Queue

/// A row of `converged.backups`.
struct BackupRecord: Sendable, Equatable {
    var id: Int64
    var state: String
    var format: BackupFormat
    /// Below the directory.
    var file: String?
    var startedAt: Date
    var content: BackupContent?

    var isOpen: Bool { state == "wanted" || state == "running" }
}

/// A row of `converged.backup_objects`.
struct BackupObject: Sendable, Equatable {
    var name: String
    var container: String
    var format: BackupFormat
    /// Of a dump.
    var database = ""
    var username = ""
    var isDeleted = false
    var generation: Int64 = 1
}

/// A row of `converged.restores` that is not done.
struct RestoreWish: Sendable, Equatable {
    var id: Int64
    var backup: Int64
    var step: String
    /// The container did, before it was stopped.
    var ran: Bool?
}

/// All that the rows say about one key, read by one round trip.
struct BackupRows: Sendable {
    let kind: String
    let key: UUID
    /// nil: its row is gone, or it has nothing to back up any more.
    var object: BackupObject?
    var records: [BackupRecord] = []
    var wish: RestoreWish?
    /// Back-ups that open restores read, for whichever object.
    var needed: Set<Int64> = []
    /// What is read by `wish`, which may be another object's.
    var source: BackupRecord?
    var now = Date(timeIntervalSince1970: 0)

    var owner: String { "\(kind)/\(key.uuidString.lowercased())" }
    var id: String { key.uuidString.lowercased() }

    /// - Parameter name: `pa/<id>` or `service/<id>`.
    static func read(_ name: String, from database: Database) async throws -> BackupRows? {
        let parts = name.split(separator: "/")
        guard parts.count == 2, let key = UUID(uuidString: String(parts[1])) else { return nil }
        let kind = String(parts[0])
        let columns: SQL = """
            b.id, b.state, b.format, b.file, coalesce(b.started_at, b.requested_at), b.bytes, b.sha256, b.entries
            """
        let answers = try await database.batch([
            """
            select name, container, format, coalesce(database, ''), coalesce(username, ''), deleted_at is not null, generation
            from converged.backup_objects where kind = \(kind) and key = \(key)
            """,
            "select \(columns) from converged.backups b where kind = \(kind) and key = \(key) order by id",
            """
            select id, backup, step, ran from converged.restores
            where kind = \(kind) and key = \(key) and state in ('wanted', 'running')
            """,
            """
            select \(columns) from converged.backups b join converged.restores r on r.backup = b.id
            where r.kind = \(kind) and r.key = \(key) and r.state in ('wanted', 'running')
            """,
            "select backup from converged.restores where state in ('wanted', 'running')",
            "select converged.now()",
        ])
        var rows = BackupRows(kind: kind, key: key)
        if let row = answers[0].first {
            let (name, container, format, database, username, isDeleted, generation) =
                try row.decode((String, String, String, String, String, Bool, Int64).self)
            rows.object = BackupObject(
                name: name, container: container, format: BackupFormat(rawValue: format) ?? .tar, database: database,
                username: username, isDeleted: isDeleted, generation: generation)
        }
        rows.records = try answers[1].map(record)
        if let row = answers[2].first {
            let (id, backup, step, ran) = try row.decode((Int64, Int64, String, Bool?).self)
            rows.wish = RestoreWish(id: id, backup: backup, step: step, ran: ran)
        }
        rows.source = try answers[3].first.map(record)
        rows.needed = Set(try answers[4].column(0, as: Int64.self))
        rows.now = try answers[5].scalar()
        return rows
    }

    private static func record(_ row: Row) throws -> BackupRecord {
        let (id, state, format, file, startedAt, bytes, sha256, entries) =
            try row.decode((Int64, String, String, String?, Date, Int64?, String?, Int64?).self)
        var record = BackupRecord(
            id: id, state: state, format: BackupFormat(rawValue: format) ?? .tar, file: file, startedAt: startedAt)
        if let bytes, let sha256, let entries {
            record.content = BackupContent(bytes: bytes, sha256: sha256, entries: entries)
        }
        return record
    }
}
