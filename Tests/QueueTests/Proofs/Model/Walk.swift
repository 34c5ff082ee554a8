import Postgres
import Support
import Testing

@testable import Queue

/// One seeded walk: every move is made with the SQL functions and with the model, and then the tables have to look like the model.
struct Walk {
    /// Where SQL and model part.
    struct Disagreement: Error, CustomStringConvertible {
        let description: String
    }

    struct Answer {
        var rows: [Rows]
        /// Jobs that were not there before, in the order of their ids.
        var newcomers: [(id: Int64, key: String?)]
    }

    static let kind = JobKind(name: "k", maxAttempts: LifeCycle.kindMostAttempts) { _ in Verdict(.settled(next: nil)) }

    let session: Connection
    let database: Database
    var random: Seed
    var model = LifeCycle()
    /// Those that this process acts for. Whether they are still taken for alive, the model knows.
    var workers: [Int64] = []
    /// Held ones, and lost ones whose end comes late.
    var leases: [Lease] = []
    /// What happened, for a reader of a failure.
    var past: [String] = []
    /// How often what happened.
    var counts: [String: Int] = [:]
    private var lastID: Int64 = 0

    init(_ session: Connection, _ database: Database, seed: UInt64) async throws {
        self.session = session
        self.database = database
        random = Seed(value: seed)
        try await session.query(
            """
            truncate converged.jobs, converged.wakes, converged.workers, converged.cancellations, converged.pauses,
                converged.job_needs, converged.job_history, converged.job_errors, converged.dead_jobs
            """)
        lastID = try await session.query("select nextval('converged.jobs_id_seq')").scalar()
    }

    // MARK: One move

    /// `change` makes the move in the model, and tells what is wrong with the answer of the SQL. It must throw what the SQL refuses.
    mutating func move(
        _ what: String, _ statements: [SQL], _ change: (inout LifeCycle, Answer) throws -> String?
    ) async throws {
        past.append("\(model.now) \(what)")
        var next = model
        next.pass(span())
        let clock: SQL = "update converged.clock set shift = \(next.now)::bigint * interval '1 ms'"
        let newcomers: SQL = "select id, key from converged.jobs where id > \(lastID) order by id"
        var answer = Answer(rows: [], newcomers: [])
        var refused: String?
        do {
            answer.rows = try await session.batch([clock] + statements + [newcomers, Self.picture])
            answer.newcomers = try answer.rows[statements.count + 1].decode((Int64, String?).self).map { ($0, $1) }
        } catch let error as PostgresError where error.kind == .server {
            refused = error.sqlState
        }
        let picture = try answer.rows.last?.column(0, as: String.self) ?? []
        if !answer.rows.isEmpty { answer.rows = Array(answer.rows.dropFirst().dropLast(2)) }
        do {
            let problem = try change(&next, answer) ?? next.adopt(answer.newcomers)
            if let problem { throw disagree(problem) }
            if let refused { throw disagree("SQL refused with \(refused)") }
        } catch let refusal as LifeCycle.Refusal {
            guard refused == refusal.code else {
                throw disagree("\(refusal.code) expected, not \(refused ?? "success")")
            }
            counts[refusal.code, default: 0] += 1
            past.append("    refused: \(refusal.code)")
            return
        }
        try compare(picture.sorted(), next.picture)
        lastID = max(lastID, answer.newcomers.last?.id ?? 0)
        model = next
        count(String(what.prefix { $0 != " " }))
        for end in next.ended { count(String(end.split(separator: " ")[2])) }
    }

    mutating func count(_ word: String) { counts[word, default: 0] += 1 }

    private mutating func span() -> Int {
        switch Int.random(in: 0..<40, using: &random) {
        case 0: .random(in: 10_000..<70_000, using: &random)
        case 1, 2: .random(in: 2_000..<12_000, using: &random)
        default: .random(in: 1..<500, using: &random)
        }
    }

    private func disagree(_ problem: String) -> Disagreement {
        Disagreement(description: "\(problem)\nafter\n\(past.suffix(25).joined(separator: "\n"))")
    }

    private func compare(_ tables: [String], _ model: [String]) throws {
        if tables == model { return }
        let (inTables, inModel) = (Set(tables).subtracting(model), Set(model).subtracting(tables))
        throw disagree(
            "tables: \(inTables.sorted())\nmodel: \(inModel.sorted())\nbefore: \(self.model.picture.joined(separator: "; "))"
        )
    }

    // MARK: What the tables hold

    /// The clock of the walk stands still but for its moves.
    static let tools = """
        create or replace function converged.now() returns timestamptz language sql stable parallel safe
            as $$ select timestamptz '2030-01-01 00:00+00' + shift from converged.clock $$;
        create function moment(ms bigint) returns timestamptz language sql immutable
            as $$ select timestamptz '2030-01-01 00:00+00' + ms * interval '1 ms' $$;
        create function ms(moment timestamptz) returns text language sql immutable
            as $$ select coalesce(round(1000 * extract(epoch from moment - timestamptz '2030-01-01 00:00+00'))::text, '-') $$;
        create function said(value anyelement) returns text language sql immutable as $$ select coalesce(value::text, '-') $$;
        """

    /// As ``LifeCycle/picture``.
    static let picture: SQL = """
        select concat_ws(' ', 'job', id, said(key), state, priority, attempt, said(max_attempts), dirty::text, urgent::text,
            ms(run_at), ms(rank), said(args ->> 'n'), said(fence), said(worker)) from converged.jobs
        union all select concat_ws(' ', 'need', job, needs) from converged.job_needs
        union all select concat_ws(' ', 'dead', id, said(key), priority, attempts, said(max_attempts), said(args ->> 'n'))
            from converged.dead_jobs
        union all select concat_ws(' ', 'wake', key, urgent::text, ms(at), said(args ->> 'n'), replaces::text, ms(run_at))
            from converged.wakes
        union all select concat_ws(' ', 'cancel', job) from converged.cancellations
        union all select case when queue <> '' then 'pause queue' else 'pause ' || kind || ' ' || key end from converged.pauses
        union all select concat_ws(' ', 'worker', id, ms(seen_at)) from converged.workers
        union all select concat_ws(' ', 'end', job, outcome, attempts) from converged.job_history
            where finished_at = converged.now()
        """
}

extension LifeCycle {
    /// Gives the jobs that the model expects the ids that the server gave them.
    mutating func adopt(_ newcomers: [(id: Int64, key: String?)]) -> String? {
        if Set(newcomers.map(\.key)) != Set(fresh.map(\.key)) || newcomers.count != fresh.count {
            return newcomers.allSatisfy { jobs[$0.id] != nil } && fresh.isEmpty
                ? nil : "new: \(newcomers), not \(fresh)"
        }
        for (id, key) in newcomers { jobs[id] = fresh.first { $0.key == key } }
        fresh = []
        return nil
    }
}
