import Postgres

/// A droplet as its row says: what is wanted, and what was found last.
public struct DropletRow: Sendable, Equatable {
    public var name: String
    /// `unix:///var/run/docker.sock` or `https://host:2376`.
    public var endpoint: String
    /// Public IPv4 address.
    public var address: String
    public var domain: String
    /// The host whose daemon alone may serve it; nil: any.
    public var servedBy: String?
    public var generation: Int64
    public var isDeleting: Bool
    /// `unknown`, `reachable`, `unreachable` or `deleting`.
    public var status: String
    /// The engine that was seen first; work is refused to every other one.
    public var engineID: String?
    public var engineVersion: String?
    public var observedGeneration: Int64

    /// What a client of it is made from.
    public var place: [String] { [endpoint, address, domain] }

    private static let columns: SQL = """
        name::text, endpoint, host(address), domain::text, served_by, generation, deleted_at is not null, status,
        engine_id, engine_version, observed_generation
        """

    /// All of them, by name.
    public static func readAll(_ database: Database) async throws -> [DropletRow] {
        try await read("select \(columns) from converged.droplets order by name", database)
    }

    static func read(_ name: String, from database: Database) async throws -> DropletRow? {
        try await read("select \(columns) from converged.droplets where name = \(name)", database).first
    }

    private static func read(_ sql: SQL, _ database: Database) async throws -> [DropletRow] {
        try await database.query(sql).map { row in
            var fields = RowFields(row)
            return DropletRow(
                name: try fields.next(), endpoint: try fields.next(), address: try fields.next(),
                domain: try fields.next(), servedBy: try fields.next(), generation: try fields.next(),
                isDeleting: try fields.next(), status: try fields.next(), engineID: try fields.next(),
                engineVersion: try fields.next(), observedGeneration: try fields.next())
        }
    }
}
