import Postgres

/// Leases the one job that a hint named, for a worker that has nothing else to do: what matters then is not the best order but
/// that nothing is in the way of the one. Only where nothing bounds or holds anybody (no limits, no pauses); all else is for
/// ``Claim``, which follows anyway.
///
/// Plain statements that go by the row's address: whatever the statistics say there is no other plan, and a function would cost
/// more than they do.
struct HintedClaim {
    var job: Int64
    /// Where its row was when it was enqueued. One that was moved since is not found.
    var address: String
    var kind: JobKind

    /// To be sent together: the locks of `converged.claim` come before the snapshot that looks for workers and limits.
    func statements(for worker: Int64) -> [SQL] {
        [
            SQL(Self.locks, bind: [worker.postgresCell]),
            SQL(
                Self.update,
                bind: [
                    worker.postgresCell, address.postgresCell, job.postgresCell, kind.name.postgresCell,
                    kind.queue.postgresCell,
                ]),
        ]
    }

    private static let locks = """
        select pg_advisory_xact_lock_shared(converged.worker_lock($1)), pg_advisory_xact_lock_shared(converged.limits_lock())
        """

    /// The clock's shift is `converged.now()`, written out.
    private static let update = """
        update converged.jobs job set state = 'running', fence = nextval('converged.fences'), worker = $1,
            leased_at = statement_timestamp() + clock.shift, dirty = false, urgent = false, is_limited = false
        from converged.clock
        where job.ctid = (
                select free.ctid from converged.jobs free
                where free.ctid = $2::tid and free.id = $3 and free.state = 'ready'
                    and free.run_at <= statement_timestamp() + (select shift from converged.clock)
                for update skip locked)
            and job.kind = $4 and job.queue = $5
            and exists (select from converged.workers w where w.id = $1)
            and not exists (select from converged.pauses) and not exists (select from converged.limits)
        returning job.id, job.ctid, job.kind, job.key, job.attempt::integer, job.priority::integer, job.args::text,
            (1000000 * date_part('epoch', job.woken_at))::bigint,
            (1000000 * date_part('epoch', job.leased_at - greatest(job.woken_at, job.run_at)))::bigint, job.fence
        """

    /// - Parameter rows: what the last of the statements answered.
    static func result(_ rows: Rows, _ database: Database) throws -> Claim.Result {
        var result = Claim.Result()
        for row in rows {
            result.leases.append(try Claim.Result.Leased(row, fence: row.decode(9), rank: nil, database))
        }
        return result
    }
}
