import Postgres

/// What the workers' claims have cost so far, as Postgres itself counts (`pg_stat_statements`).
struct ClaimTime: Sendable {
    var calls: Double
    var milliseconds: Double

    static func read(_ rig: QueueRig) async throws -> ClaimTime {
        let rows = try await rig.owner.query(
            """
            select coalesce(sum(calls), 0)::float8, coalesce(sum(total_exec_time), 0)::float8
            from pg_stat_statements s join pg_roles r on r.oid = s.userid
                join pg_database d on d.oid = s.dbid and d.datname = current_database()
            where r.rolname = 'converged_daemon' and s.query like '%converged.claim%'
            """)
        let (calls, milliseconds) = try rows[0].decode((Double, Double).self)
        return ClaimTime(calls: calls, milliseconds: milliseconds)
    }

    /// Mean time of a claim between two readings.
    /// - Throws: `Mishap` when there was none: then the statement has another name, and nothing was measured.
    func mean(since before: ClaimTime) throws -> Double {
        guard calls > before.calls else { throw Mishap(description: "no statement that claims was counted") }
        return (milliseconds - before.milliseconds) / (calls - before.calls)
    }
}
