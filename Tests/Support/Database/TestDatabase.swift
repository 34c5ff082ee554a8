import Foundation
import Logging
import Postgres

/// A database of a test's own on the shared cluster.
public struct TestDatabase: Sendable {
    public let cluster: TestCluster
    public let name: String

    /// With all migrations applied, or empty.
    public static func make(migrated: Bool = true, on cluster: TestCluster? = nil) async throws -> TestDatabase {
        let cluster = if let cluster { cluster } else { try await TestCluster.shared() }
        let name = "test_" + UUID().uuidString.prefix(12).replacing("-", with: "").lowercased()
        let template = migrated ? try await cluster.migratedTemplate() : "template0"
        let server = cluster.database("postgres")
        try await server.script("CREATE DATABASE \(name) TEMPLATE \(template) STRATEGY FILE_COPY")
        await server.close()
        return TestDatabase(cluster: cluster, name: name)
    }

    /// As superuser.
    public var url: String { cluster.url(database: name) }

    /// As `converged_web`, `converged_daemon` or `converged_operator`.
    public func url(role: String) -> String { cluster.url(database: name, user: role) }

    /// A pool on it, as superuser or as a role.
    public func open(role: String? = nil, _ adjust: (inout DatabaseSettings) -> Void = { _ in }) -> Database {
        var settings = DatabaseSettings(url: role.map { url(role: $0) } ?? url)
        adjust(&settings)
        return Database(settings, logger: Logger(label: "test"))
    }

    /// Makes every session on it end now.
    public func terminateSessions() async throws {
        let server = cluster.database("postgres")
        try await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(name)")
        await server.close()
    }

    public func drop() async throws {
        let server = cluster.database("postgres")
        try await server.script("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        await server.close()
    }
}

/// Moves `converged.now()` of this database by a span, on top of what it was moved before.
public func moveClock(of database: Database, by span: Duration) async throws {
    let moved = try await database.query("UPDATE converged.clock SET shift = shift + \(span)::interval")
    guard moved.affected == 1 else {
        throw ChildProcess.Failure(description: "converged.clock has no row: the clock did not move")
    }
}
