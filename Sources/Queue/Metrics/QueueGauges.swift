import Postgres

/// How the queue stands, by what the database says: the same whoever asks, so it is told once for all daemons.
public struct QueueGauges: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        /// Due now, whether or not it is paused or held back by a limit.
        case due
        /// Due later: at its time, after a back-off, at its next look.
        case scheduled
        case running
        /// For other jobs.
        case waiting
    }

    public struct Queue: Sendable, Equatable {
        public var depth: [State: Int]
        /// nil: nothing is due.
        public var oldestDueSeconds: Double?
        public var deadJobs: Int
    }

    public var queues: [String: Queue] = [:]
    public var liveWorkers = 0
    /// Row versions of `jobs` that vacuum has not removed yet, an estimate of Postgres.
    public var deadRows = 0
    /// Transactions since the oldest snapshot that anybody holds; nil when the schema's owner may not see that.
    public var oldestSnapshotTransactions: Int?
    /// More jobs than are counted: the depths are a sample.
    public var isTruncated = false

    /// Jobs looked at, so that a scrape of a queue of any length takes about 0.2 s at most.
    static let mostCounted = 500_000
    /// Workers unseen for longer count as dead.
    private static let deadAfter = Duration.seconds(10)
    private static let timeout = Duration.seconds(5)

    /// One statement, at most 5 s.
    ///
    /// - Throws: `PostgresError`; `CancellationError` when it took too long.
    public static func read(_ database: Database) async throws -> QueueGauges {
        let rows = try await withTimeout(timeout) { try await database.query(statement) }
        var gauges = QueueGauges()
        for row in rows {
            let (queue, dead, oldest) = try (
                row.decode(0, as: String?.self), row.decode(5, as: Int.self), row.decode(6, as: Double?.self)
            )
            if let queue {
                let counts = try (1...4).map { try row.decode($0, as: Int.self) }
                gauges.queues[queue] = Queue(
                    depth: Dictionary(uniqueKeysWithValues: zip(State.allCases, counts)),
                    oldestDueSeconds: oldest.map { max($0, 0) },
                    deadJobs: dead)
            } else {
                gauges.liveWorkers = try row.decode(7)
                gauges.deadRows = try row.decode(8)
                gauges.oldestSnapshotTransactions = try row.decode(9)
                gauges.isTruncated = try row.decode(10)
            }
        }
        return gauges
    }

    /// A row for each queue, and one without a name for what belongs to no queue.
    private static var statement: SQL {
        """
        with seen as materialized (
            select queue, state, run_at, greatest(run_at, woken_at) as due_at from converged.jobs limit \(mostCounted + 1)
        ), depth as (
            select queue, count(*) filter (where state = 'ready' and run_at <= converged.now()) as due,
                count(*) filter (where state = 'ready' and run_at > converged.now()) as scheduled,
                count(*) filter (where state = 'running') as running,
                count(*) filter (where state = 'waiting') as waiting,
                extract(epoch from converged.now()
                    - min(due_at) filter (where state = 'ready' and run_at <= converged.now())) as oldest
            from seen group by queue
        ), dead as (
            select queue, count(*) as jobs
            from (select queue from converged.dead_jobs limit \(mostCounted)) letters group by queue
        )
        select q.name, coalesce(due, 0), coalesce(scheduled, 0), coalesce(running, 0), coalesce(waiting, 0),
            coalesce(dead.jobs, 0), oldest::float8, null::bigint, null::bigint, null::bigint, null::boolean
        from converged.queues q
            left join depth on depth.queue = q.name
            left join dead on dead.queue = q.name
        union all
        select null, 0, 0, 0, 0, 0, null,
            (select count(*) from converged.workers where seen_at > converged.now() - \(deadAfter)::interval),
            pg_stat_get_dead_tuples('converged.jobs'::regclass), converged.oldest_snapshot_age(),
            (select count(*) from seen) > \(mostCounted)
        """
    }
}

extension PrometheusText {
    public mutating func add(_ gauges: QueueGauges) {
        let queues = gauges.queues.sorted { $0.key < $1.key }
        add(
            .gauge, "converged_queue_jobs",
            help: "Jobs by queue and state; a sample when converged_queue_jobs_truncated is 1.",
            queues.flatMap { name, queue in
                QueueGauges.State.allCases.map {
                    ([("queue", name), ("state", $0.rawValue)], Double(queue.depth[$0] ?? 0))
                }
            })
        add(
            .gauge, "converged_queue_jobs_truncated", help: "1 when there are more jobs than a scrape counts.",
            gauges.isTruncated ? 1 : 0)
        add(
            .gauge, "converged_queue_oldest_due_age_seconds",
            help: "How long the job that is due for longest has waited; 0 when none is due.", label: "queue",
            queues.map { ($0.key, $0.value.oldestDueSeconds ?? 0) })
        add(
            .gauge, "converged_queue_dead_jobs", help: "Dead letters.", label: "queue",
            queues.map { ($0.key, Double($0.value.deadJobs)) })
        add(
            .gauge, "converged_queue_live_workers", help: "Workers seen within 10 seconds.",
            Double(gauges.liveWorkers))
        add(
            .gauge, "converged_queue_dead_rows",
            help: "Dead row versions of converged.jobs that vacuum has not removed yet.", Double(gauges.deadRows))
        if let age = gauges.oldestSnapshotTransactions {
            add(
                .gauge, "converged_queue_oldest_snapshot_age_transactions",
                help:
                    "Transactions since the oldest snapshot in the cluster, which keeps dead rows from being removed.",
                Double(age))
        }
    }
}
