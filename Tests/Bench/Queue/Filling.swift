import Postgres

extension QueueRig {
    /// What a row without key needs; the rest is by default.
    static let columns = "kind, queue, priority, run_at, rank, woken_at, created_at"

    /// The values of ``columns`` for a job of middle priority that is due after `wait`, an interval as SQL.
    static func values(kind: String = "noop", wait: String = "interval '0'") -> String {
        """
        '\(kind)', 'default', 4, now() + \(wait), now() + \(wait) + interval '60 seconds', now() + \(wait), now()
        """
    }

    /// Nothing but these jobs, vacuumed, known to the planner and on disk: every measurement starts from the same.
    func refill(_ count: Int, floor: Bool = false) async throws {
        let table = floor ? Self.floor : "converged.jobs"
        try await owner.query(
            "truncate \(raw: table), \(raw: floor ? Self.floorHistory : "converged.job_history") cascade")
        try await insert(count, into: table)
        try await settle(table)
    }

    func insert(
        _ count: Int, kind: String = "noop", wait: String = "interval '0'", into table: String = "converged.jobs"
    ) async throws {
        try await owner.query(
            """
            insert into \(raw: table) (\(raw: Self.columns))
            select \(raw: Self.values(kind: kind, wait: wait)) from generate_series(1, \(count)) n
            """)
    }

    func settle(_ table: String, analyze: Bool = true) async throws {
        try await owner.script("vacuum \(analyze ? "(analyze)" : "") \(table)", timeout: .seconds(600))
        try await owner.script("checkpoint", timeout: .seconds(600))
    }
}
