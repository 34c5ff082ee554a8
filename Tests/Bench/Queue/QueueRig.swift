import Foundation
import Logging
import Postgres
import Support

/// A durable Postgres with the product's schema, and beside `converged.jobs` its equal, on which the floors are measured.
struct QueueRig: Sendable {
    static let floor = "converged.floor_jobs"
    static let floorHistory = "converged.floor_history"

    let cluster: TestCluster
    let owner: Database
    let databaseName: String

    /// - Parameter countsStatements: with `pg_stat_statements`, which costs every statement a little.
    static func build(countsStatements: Bool = false) async throws -> QueueRig {
        let cluster = try await TestCluster.make(durable: true)
        if countsStatements {
            let server = Database(DatabaseSettings(url: cluster.url()), logger: .init(label: "bench"))
            try await server.query("alter system set shared_preload_libraries = 'pg_stat_statements'")
            await server.close()
            try await cluster.restart()
        }
        return try await make(on: cluster, countsStatements: countsStatements)
    }

    /// Another database of the same server: repetitions on both can alternate.
    func makeSibling(countsStatements: Bool) async throws -> QueueRig {
        try await Self.make(on: cluster, countsStatements: countsStatements)
    }

    private static func make(on cluster: TestCluster, countsStatements: Bool) async throws -> QueueRig {
        let made = try await TestDatabase.make(on: cluster)
        let owner = made.open {
            $0.statementTimeout = .seconds(900)
            $0.lockTimeout = .seconds(60)
        }
        let rig = QueueRig(cluster: cluster, owner: owner, databaseName: made.name)
        if countsStatements { try await owner.query("create extension pg_stat_statements") }
        try await rig.makeEqualTable()
        return rig
    }

    func url(user: String = "postgres") -> String { cluster.url(database: databaseName, user: user) }

    /// The command that runs a script of pgbench in this database.
    var pgbench: [String] {
        ["/usr/lib/postgresql/15/bin/pgbench", "-n", "-h", cluster.folder, "-p", "\(cluster.port)", "-U", "postgres"]
    }

    func close() async {
        await owner.close()
        await cluster.halt()
    }

    /// The same columns, defaults, constraints, indexes and storage; `LIKE` leaves the storage parameters out.
    private func makeEqualTable() async throws {
        try await owner.query("create table \(raw: Self.floor) (like converged.jobs including all)")
        let parameters: String? = try await owner.query(
            "select array_to_string(reloptions, ', ') from pg_class where oid = 'converged.jobs'::regclass"
        ).scalar()
        if let parameters { try await owner.query("alter table \(raw: Self.floor) set (\(raw: parameters))") }
        try await owner.query(
            "create table \(raw: Self.floorHistory) (like converged.job_history including all) partition by range (finished_at)"
        )
        try await owner.query(
            "create table \(raw: Self.floorHistory)_default partition of \(raw: Self.floorHistory) default")
    }
}
