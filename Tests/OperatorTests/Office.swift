import Foundation
import Postgres
import Support
import Synchronization

@testable import Operator

/// A database of the test's own, seen with the eyes of an operator; a daemon's part is played through the queue's own
/// functions.
struct Office {
    let database: TestDatabase
    let owner: Database
    let daemon: Database
    let operators: Database

    static let ada = "1d4f06a2-0000-4000-8000-00000000000a"
    static let bob = "2e5a17b3-0000-4000-8000-00000000000b"
    static let adasMachine = "aaaa0001-0000-4000-8000-00000000000a"
    static let bobsMachine = "aaaa0002-0000-4000-8000-00000000000b"

    /// Two users with a machine each, ada's of profile automna and bob's of profile molt; no daemon.
    static func open<Value>(_ body: (Office) async throws -> Value) async throws -> Value {
        let database = try await TestDatabase.make()
        let office = Office(
            database: database, owner: database.open(), daemon: database.open(role: "converged_daemon"),
            operators: database.open(role: "converged_operator"))
        try await office.owner.script(
            """
            insert into converged.users (id, email, name) values
                ('\(ada)', 'ada@example.com', 'Ada'), ('\(bob)', 'bob@example.com', 'Bob');
            insert into converged.machines (id, user_id, profile, env) values
                ('\(adasMachine)', '\(ada)', 'automna', '{"PRIVATE_NAME": "private-value"}'),
                ('\(bobsMachine)', '\(bob)', 'molt', '{}');
            """)
        do {
            let value = try await body(office)
            await office.leave()
            return value
        } catch {
            await office.leave()
            throw error
        }
    }

    private func leave() async {
        for pool in [owner, daemon, operators] { await pool.close() }
        try? await database.drop()
    }

    /// What a verb says to a person.
    func read(width: Int? = nil, _ verb: (Verbs) async throws -> Exit) async throws -> (exit: Exit, text: String) {
        let paper = Paper()
        let console = Console(format: .table, width: width) { paper.write($0) }
        let exit = try await verb(Verbs(database: operators, console: console))
        return (exit, paper.text)
    }

    /// The document that a verb gives to a program.
    func ask(_ verb: (Verbs) async throws -> Exit) async throws -> (exit: Exit, document: JSON) {
        let paper = Paper()
        let console = Console(format: .json) { paper.write($0) }
        let exit = try await verb(Verbs(database: operators, console: console))
        return (exit, try JSON(parsing: paper.text))
    }
}

struct NothingDue: Error { let kind: String }

/// Collects what was printed.
final class Paper: Sendable {
    private let lines = Mutex("")
    func write(_ text: String) { lines.withLock { $0 += text } }
    var text: String { lines.withLock { $0 } }
}

extension Office {
    /// A live worker for these kinds; its number.
    @discardableResult
    func register(kinds: [String] = ["machine", "survey", "plan"]) async throws -> Int64 {
        try await daemon.query(
            """
            insert into converged.workers (name, version, kinds, started_at, seen_at)
            values ('fly-1', '0.1.0', \(kinds), converged.now(), converged.now()) returning id
            """
        ).scalar()
    }

    /// Folds wakes and leases one job of the kind, as a worker's turn does.
    @discardableResult
    func lease(
        _ kind: String = "machine", worker: Int64, maxAttempts: Int? = nil, queue: String = "fly"
    ) async throws -> (id: Int64, fence: Int64) {
        try await daemon.query(
            """
            insert into converged.kinds values (\(kind), \(queue), \(maxAttempts), false)
            on conflict (name) do update set max_attempts = excluded.max_attempts
            """)
        let rows = try await daemon.query(
            """
            select max(id), max(fence)
            from converged.claim(\(worker), \([kind]), \([queue]), array[1], array[null]::bigint[], 100)
            """)
        guard let id = try rows[0].decode(0, as: Int64?.self) else { throw NothingDue(kind: kind) }
        return (id, try rows[0].decode(1))
    }

    /// A job of kind prune in queue default, made as the operator; `more` are further arguments.
    func enqueue(_ more: String = "args => null") async throws -> Int64 {
        try await operators.query("select converged.enqueue('prune', \(raw: more))").scalar()
    }

    func why(_ job: Int64) async throws -> String {
        try await operators.query("select why from converged.job_list where id = \(job)").scalar()
    }

    func finish(
        _ job: (id: Int64, fence: Int64), _ outcome: String, afterMs: Double? = nil, message: String? = nil
    ) async throws {
        try await daemon.query(
            """
            select * from converged.finish(\([job.id]), \([job.fence]), \([outcome]), \([afterMs])::float8[],
                \([message])::text[], array[null]::text[])
            """)
    }

    /// What a reconciler writes at the end of a run.
    func record(
        machine: String = adasMachine, outcome: String, plan: String = "[]", reason: String = "Provisioning",
        status: String = "False", message: String = ""
    ) async throws {
        try await daemon.batch([
            """
            insert into converged.traces (kind, key, at, desired, observed, plan, outcome)
            values ('machine', \(machine), converged.now(), '{"state": "running"}', '{"machine": "absent"}',
                \(plan)::jsonb, \(outcome))
            on conflict (kind, key) do update set at = excluded.at, plan = excluded.plan, outcome = excluded.outcome
            """,
            """
            insert into converged.conditions (kind, key, type, status, reason, message, generation, since)
            values ('machine', \(machine), 'Ready', \(status), \(reason), \(message), 1, converged.now())
            on conflict (kind, key, type) do update set status = excluded.status, reason = excluded.reason,
                message = excluded.message
            """,
        ])
    }
}
