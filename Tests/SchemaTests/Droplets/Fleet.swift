import Foundation
import Postgres
import Support
import Testing

/// A database with teams alpha, beta, gamma and droplets one and two, 20 PAs each at most, for every team.
struct Fleet {
    let database: TestDatabase
    let owner: Database
    let web: Database
    let operators: Database
    let daemon: Database

    static func open<Value>(_ body: (Fleet) async throws -> Value) async throws -> Value {
        let database = try await TestDatabase.make()
        let fleet = Fleet(
            database: database, owner: database.open(),
            web: database.open(role: "converged_web") { $0.maxConnections = 20 },
            operators: database.open(role: "converged_operator"), daemon: database.open(role: "converged_daemon"))
        try await fleet.operators.batch([
            "insert into converged.teams (name) values ('alpha'), ('beta'), ('gamma')",
            """
            insert into converged.droplets (name, address, domain, served_by, most_pas) values
                ('one', '203.0.113.1', 'team.example.com', 'host-1', 20), ('two', '203.0.113.2', 'team.example.com', 'host-2', 20)
            """,
        ])
        do {
            let value = try await body(fleet)
            await fleet.leave()
            return value
        } catch {
            await fleet.leave()
            throw error
        }
    }

    private func leave() async {
        for pool in [owner, web, operators, daemon] { await pool.close() }
        try? await database.drop()
    }

    /// As the web app; where it went.
    @discardableResult
    func place(_ name: String, team: String = "alpha", droplet: String? = nil) async throws -> (
        droplet: String, port: Int
    ) {
        try await web.query(
            """
            insert into converged.pas (name, team, droplet) values (\(name), \(team), \(droplet))
            returning droplet::text, port
            """
        )[0].decode((String, Int).self)
    }

    /// What Postgres says no with; nil: it did not.
    func refusal(_ database: Database, _ sql: SQL) async -> PostgresError? {
        do {
            try await database.query(sql)
            return nil
        } catch {
            return error as? PostgresError
        }
    }
}
