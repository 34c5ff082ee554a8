import Postgres
import Support
import Testing

@testable import Queue

// MARK: As others than the daemon

extension QueueBench {
    /// A pool of a role's own, for one body.
    func acting<Value: Sendable>(
        as role: String, isolation: isolated (any Actor)? = #isolation, _ body: (Database) async throws -> Value
    ) async throws -> Value {
        let database = test.open(role: role)
        do {
            let value = try await body(database)
            await database.close(grace: .zero)
            return value
        } catch {
            await database.close(grace: .zero)
            throw error
        }
    }

    /// What the database says to a statement that it must refuse.
    func refusal(_ sql: SQL, role: String = "converged_web") async throws -> PostgresError {
        try await acting(as: role) { database in
            try await #require(throws: PostgresError.self) { try await database.query(sql) }
        }
    }

    /// The id of a job that the web app enqueues.
    func enqueue(_ arguments: SQL, role: String = "converged_web") async throws -> Int64 {
        var sql: SQL = "select converged.enqueue("
        sql.append(arguments)
        sql.append(")")
        let complete = sql
        return try await acting(as: role) { try await $0.query(complete).scalar() }
    }

    func operate(_ sql: SQL) async throws -> String {
        try await acting(as: "converged_operator") { try await $0.query(sql).scalar() }
    }

    func state(_ job: Int64) async throws -> String? {
        try await admin.query("select state::text from converged.jobs where id = \(job)").column(0, as: String.self)
            .first
    }

    func outcome(_ job: Int64) async throws -> String? {
        try await admin.query("select outcome from converged.job_history where job = \(job) order by finished_at desc")
            .column(0, as: String.self).first
    }
}
