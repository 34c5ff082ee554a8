import Postgres

/// Where a job can be: in the hot table (ready, paused, running), among the dead, or in the history.
public enum JobState: String, CaseIterable, Sendable {
    case ready, paused, running, dead, finished
}

extension Verbs {
    /// Waiting, running and dead jobs; the finished ones only when asked for.
    public func listJobs(state: JobState?, kind: String?, limit: Int) async throws -> Exit {
        let listing = state == .finished ? Self.finished(kind, limit) : Self.present(state, kind, limit)
        return try await show(listing, limit)
    }

    public func showJob(_ id: Int64) async throws -> Exit {
        let job = try await ask(Self.job(id))
        guard !(job["job"].isNull && job["dead"].isNull && job["history"].items.isEmpty) else {
            throw VerbError(.unknown, "there is no job \(id); `converged jobs list` shows what is there")
        }
        try console.answer(job) {
            console.print(Self.describe(job["job"].isNull ? job["dead"] : job["job"]))
            section(
                "finished runs", job["history"],
                [
                    .init("finished_at", nil, .time), .init("outcome"), .init("attempts", nil, .number),
                    .init("worker", nil, .number), .init("message"), .init("output"),
                ])
            section(
                "errors", job["errors"],
                [
                    .init("at", nil, .time), .init("attempt", nil, .number), .init("worker", nil, .number),
                    .init("message"),
                ])
        }
        return .ok
    }

    /// Runs a waiting or dead job now.
    public func retryJob(_ id: Int64) async throws -> Exit {
        try await change("select converged.retry(\(id))")
    }

    /// Takes a job away, or has its run stopped.
    public func cancelJob(_ id: Int64) async throws -> Exit {
        try await change("select converged.cancel(\(id))")
    }

    private static func present(_ state: JobState?, _ kind: String?, _ limit: Int) -> Listing {
        Listing(
            sql: """
                select id, kind, key, state, attempt, max_attempts, priority, run_at,
                    \(Self.seconds(since: "run_at")) as due_seconds, worker,
                    coalesce(message, (select message from converged.job_errors e where e.job = listed.id
                        order by at desc limit 1)) as message
                from (
                    select * from (
                        select j.id, j.kind, j.key, \(pausedState) as state, j.attempt, j.max_attempts, j.priority,
                            j.run_at, j.worker, null::text as message
                        from converged.jobs j
                        union all
                        select id, kind, key, 'dead', attempts, max_attempts, priority, died_at, null, message
                        from converged.dead_jobs) every
                    where \(state?.rawValue ?? "") in ('', state) and \(kind ?? "") in ('', kind)
                    order by run_at, id limit \(limit)) listed
                order by run_at, id
                """,
            columns: [
                .init("id", nil, .number), .init("kind"), .init("key"), .init("state"),
                .init("attempt", "failed", .number),
                .init("due_seconds", "due", .age), .init("worker", nil, .number), .init("message"),
            ])
    }

    private static func finished(_ kind: String?, _ limit: Int) -> Listing {
        Listing(
            sql: """
                select job as id, kind, key, outcome, attempts, worker, started_at, finished_at,
                    \(Self.seconds(since: "finished_at")) as seconds_ago, message, output
                from converged.job_history where \(kind ?? "") in ('', kind)
                order by finished_at desc limit \(limit)
                """,
            columns: [
                .init("id", nil, .number), .init("kind"), .init("key"), .init("outcome"),
                .init("attempts", nil, .number), .init("seconds_ago", "ago", .age), .init("worker", nil, .number),
                .init("message"),
            ])
    }

    private static let pausedState: SQL = """
        case when j.state = 'ready' and exists (
            select from converged.pauses p where p.kind = j.kind and p.key in ('', j.key)) then 'paused'
            else j.state::text end
        """

    private static func job(_ id: Int64) -> SQL {
        """
        select json_build_object(
            'job', (select row_to_json(h) from (
                select j.id, j.kind, j.key, j.queue, \(pausedState) as state, j.priority, j.run_at, j.attempt,
                    j.max_attempts, j.dirty, j.urgent, j.fence, j.worker, j.leased_at, j.woken_at, j.created_at, j.args,
                    exists (select from converged.cancellations c where c.job = j.id) as cancelling
                from converged.jobs j where j.id = \(id)) h),
            'dead', (select row_to_json(d) from converged.dead_jobs d where id = \(id)),
            'history', (select coalesce(json_agg(row_to_json(f)), '[]') from (
                select kind, key, outcome, message, attempts, worker, started_at, finished_at, output
                from converged.job_history where job = \(id) order by finished_at desc limit 10) f),
            'errors', (select coalesce(json_agg(row_to_json(e)), '[]') from (
                select at, attempt, worker, message from converged.job_errors where job = \(id)
                order by at desc limit 20) e)
        )::text
        """
    }
}
