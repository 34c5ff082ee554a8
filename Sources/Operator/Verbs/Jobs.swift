import Postgres

/// Where a job can be: in the hot table (waiting for others, ready, running), among the dead, or in the history.
public enum JobState: String, CaseIterable, Sendable {
    case waiting, ready, running, dead, finished
}

/// Which jobs; nil: any.
public struct JobFilter: Sendable {
    public var state: JobState?
    public var kind: String?
    public var queue: String?
    public var key: String?

    public init(state: JobState? = nil, kind: String? = nil, queue: String? = nil, key: String? = nil) {
        self.state = state
        self.kind = kind
        self.queue = queue
        self.key = key
    }

    /// On columns `kind`, `queue` and `key`.
    fileprivate var sql: SQL {
        "\(kind ?? "") in ('', kind) and \(queue ?? "") in ('', queue) and \(key ?? "") in ('', key)"
    }
}

extension Verbs {
    /// Waiting, running and dead jobs and why they wait; the finished ones only when asked for.
    public func listJobs(_ filter: JobFilter = JobFilter(), limit: Int) async throws -> Exit {
        try await show(filter.state == .finished ? .finishedJobs(filter, limit) : .jobs(filter, limit), limit)
    }

    public func showJob(_ id: Int64) async throws -> Exit {
        let job = try await ask(Self.job(id))
        guard !(job["job"].isNull && job["history"].items.isEmpty) else {
            throw VerbError(.unknown, "there is no job \(id); `converged jobs list` shows what is there")
        }
        try console.answer(job) {
            if !job["job"].isNull { console.print(Self.describe(job["job"])) }
            section(
                "limits", job["limits"],
                [
                    .init("scope"), .init("name"), .init("max_running", "running", .number),
                    .init("rate_per_second", "rate", .number), .init("burst", nil, .number),
                    .init("max_per_lane", "per lane", .number),
                ])
            section("steps", job["steps"], [.init("at", nil, .time), .init("name"), .init("output")])
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

    private static func job(_ id: Int64) -> SQL {
        """
        select json_build_object(
            'job', (select row_to_json(l) from converged.job_list l where l.id = \(id)),
            'limits', (select coalesce(json_agg(row_to_json(b)), '[]') from (
                select b.scope, b.name, b.max_running, b.rate_per_second, b.burst, b.max_per_lane
                from converged.limits b join converged.job_list l
                    on b.name = case b.scope when 'queue' then l.queue else l.kind end
                where l.id = \(id) order by b.scope) b),
            'steps', (select coalesce(json_agg(row_to_json(s)), '[]') from (
                select s.name, s.at, case when k.is_secret then null else s.output end as output
                from converged.job_steps s join converged.jobs j on j.id = s.job
                    left join converged.kinds k on k.name = j.kind
                where s.job = \(id) order by s.at, s.name) s),
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

extension Listing {
    /// The ids first: only of those that are shown is it judged why they wait, one by one (offset 0), whatever a planner
    /// would rather join.
    fileprivate static func jobs(_ filter: JobFilter, _ limit: Int) -> Listing {
        Listing(
            sql: """
                with chosen as materialized (
                    select id, due_at from (
                        select id, kind, queue, key, state::text, run_at as due_at from converged.jobs
                        union all
                        select id, kind, queue, key, 'dead', died_at from converged.dead_jobs) every
                    where \(filter.state?.rawValue ?? "") in ('', state) and \(filter.sql)
                    order by due_at, id limit \(limit))
                select listed.*, \(Verbs.seconds(since: "chosen.due_at")) as due_seconds
                from chosen cross join lateral (
                    select * from converged.job_list l where l.id = chosen.id offset 0) listed
                order by chosen.due_at, chosen.id
                """,
            columns: [
                .init("id", nil, .number), .init("kind"), .init("key"), .init("queue"), .init("state"),
                .init("attempt", "failed", .number), .init("due_seconds", "due", .age), .init("why"), .init("message"),
            ])
    }

    fileprivate static func finishedJobs(_ filter: JobFilter, _ limit: Int) -> Listing {
        Listing(
            sql: """
                select job as id, kind, key, queue, outcome, attempts, worker, started_at, finished_at,
                    \(Verbs.seconds(since: "finished_at")) as seconds_ago, message, output
                from converged.job_history where \(filter.sql) order by finished_at desc limit \(limit)
                """,
            columns: [
                .init("id", nil, .number), .init("kind"), .init("key"), .init("queue"), .init("outcome"),
                .init("attempts", nil, .number), .init("seconds_ago", "ago", .age), .init("worker", nil, .number),
                .init("message"),
            ])
    }
}
