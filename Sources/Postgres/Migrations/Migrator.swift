import FoundationEssentials

/// Brings a database to the schema this binary was built with, and refuses to work with any other.
///
/// `converged.migrations(version, name, checksum, applied_at)` is written here and nowhere else.
public struct Migrator: Sendable {
    public struct Status: Sendable, Hashable {
        public enum State: String, Sendable {
            case applied, pending
            /// The file is not what was applied.
            case changed
            /// Applied by a newer binary.
            case missing
        }

        public let version: Int
        public let name: String
        public let state: State
        public let appliedAt: Date?
    }

    private typealias Applied = (version: Int, name: String, checksum: String, at: Date)

    private let database: Database
    private let migrations: [Migration]

    public init(_ database: Database, files: [(name: String, text: String)]) throws {
        self.database = database
        migrations = try files.map { try Migration(name: $0.name, text: $0.text) }.sorted { $0.version < $1.version }
        for (one, next) in zip(migrations, migrations.dropFirst()) where one.version == next.version {
            throw PostgresError(.decoding, "two migrations have the number \(one.version): \(one.name), \(next.name)")
        }
    }

    /// Applies what is pending, one transaction a file, and returns it. Daemons that start together take turns.
    public func up() async throws -> [Migration] {
        try await database.withConnection { connection in
            try await lock(connection)
            do {
                let done = try await applyPending(connection)
                try await unlock(connection)
                return done
            } catch {
                try? await unlock(connection)
                throw error
            }
        }
    }

    public func status() async throws -> [Status] {
        try await database.withConnection { compare(try await applied($0)) }
    }

    /// Throws unless the database has exactly this binary's schema.
    public func check() async throws {
        try refuseStrangers(try await status())
        let pending = try await status().filter { $0.state == .pending }
        if let first = pending.first {
            throw PostgresError(
                .server,
                "the database is older than this binary: \(pending.count) migrations from \(first.name) on are pending; "
                    + "run `converged migrate`")
        }
    }

    // MARK: Steps

    private func applyPending(_ connection: Connection) async throws -> [Migration] {
        try await connection.script(
            """
            CREATE SCHEMA IF NOT EXISTS converged;
            CREATE TABLE IF NOT EXISTS converged.migrations (
                version int PRIMARY KEY,
                name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            );
            """)
        let before = compare(try await applied(connection))
        try refuseStrangers(before)
        let pending = Set(before.filter { $0.state == .pending }.map(\.version))
        let todo = migrations.filter { pending.contains($0.version) }
        for migration in todo { try await apply(migration, connection) }
        return todo
    }

    private func apply(_ migration: Migration, _ connection: Connection) async throws {
        do {
            try await connection.transaction { connection in
                // A migration may rewrite a large table: it takes the time it takes.
                try await connection.batch(["SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = '60s'"])
                try await connection.script(migration.text, timeout: .zero)
                try await connection.query(
                    """
                    INSERT INTO converged.migrations (version, name, checksum)
                    VALUES (\(migration.version), \(migration.name), \(migration.checksum))
                    """)
            }
        } catch var error as PostgresError {
            error.message = "migration \(migration.name): \(error.message)"
            throw error
        }
    }

    private func applied(_ connection: Connection) async throws -> [Applied] {
        let exists = try await connection.query("SELECT to_regclass('converged.migrations') IS NOT NULL")
        guard try exists.scalar(as: Bool.self) else { return [] }
        return try await connection.query(
            "SELECT version, name, checksum, applied_at FROM converged.migrations ORDER BY version"
        ).decode((Int, String, String, Date).self).map { Applied($0.0, $0.1, $0.2, $0.3) }
    }

    private func compare(_ applied: [Applied]) -> [Status] {
        let done = Dictionary(applied.map { ($0.version, $0) }) { first, _ in first }
        let known = migrations.map { migration in
            let row = done[migration.version]
            let state: Status.State = row.map { $0.checksum == migration.checksum ? .applied : .changed } ?? .pending
            return Status(version: migration.version, name: migration.name, state: state, appliedAt: row?.at)
        }
        let ours = Set(migrations.map(\.version))
        let missing = applied.filter { !ours.contains($0.version) }.map {
            Status(version: $0.version, name: $0.name, state: .missing, appliedAt: $0.at)
        }
        return (known + missing).sorted { $0.version < $1.version }
    }

    private func refuseStrangers(_ statuses: [Status]) throws {
        if let newer = statuses.first(where: { $0.state == .missing }) {
            throw PostgresError(
                .server,
                "the database is newer than this binary: it has \(newer.name); install the release that brought it")
        }
        if let changed = statuses.first(where: { $0.state == .changed }) {
            throw PostgresError(
                .server, "\(changed.name) was changed after it had been applied; restore it and add a new migration")
        }
    }

    /// "converged" in ASCII, shortened to 8 bytes: one lock per database.
    private static let lockKey: Int64 = 0x636f_6e76_6572_6765

    private func lock(_ connection: Connection) async throws {
        try await connection.script("SET lock_timeout = 0; SET statement_timeout = 0")
        try await connection.script("SELECT pg_advisory_lock(\(Self.lockKey))", timeout: .zero)
    }

    private func unlock(_ connection: Connection) async throws {
        try await connection.query("SELECT pg_advisory_unlock(\(Self.lockKey))")
        try await connection.script("RESET lock_timeout; RESET statement_timeout")
    }
}
