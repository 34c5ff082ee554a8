import Postgres

/// What operators can ask for, a file a verb. Verbs call no vendor: they read rows and views, write rows and wake keys.
/// Every verb prints one answer and returns the exit code.
public struct Verbs: Sendable {
    let database: Database
    let console: Console

    public init(database: Database, console: Console) {
        self.database = database
        self.console = console
    }

    /// The answer of a statement that returns one json value.
    func ask(_ sql: SQL) async throws -> JSON {
        guard let text = try await database.query(sql).first?.decode(0, as: String?.self) else { return .null }
        return try JSON(parsing: text)
    }

    /// The rows of any select, as objects named by its columns.
    func list(_ select: SQL) async throws -> [JSON] {
        try await ask("select coalesce(json_agg(row_to_json(listed)), '[]')::text from (\(select)) listed").items
    }

    /// Whole seconds since then, by database time.
    static func seconds(since column: String) -> SQL {
        "round(extract(epoch from converged.now() - \(raw: column)))::bigint"
    }
}
