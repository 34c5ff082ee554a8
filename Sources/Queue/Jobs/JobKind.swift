import Postgres

/// One kind of work: its name, its limits, and what runs it.
public struct JobKind: Sendable {
    /// As in `converged.wake(kind, …)`.
    public var name: String
    public var queue: String
    /// Runs of this kind at once in this process.
    public var concurrency: Int
    /// A run is cancelled after this and counts as failed. A handler has to honour cancellation.
    public var deadline: Duration
    public var backoff: Backoff
    /// Failures after which a job is dead; nil: never, as reconcilers want it.
    public var maxAttempts: Int?
    /// Arguments are sealed before they reach the database, and shown to nobody but the handler.
    public var isSecret: Bool
    /// Ends with a verdict; an error thrown is `.retry` with its description. Up to its first suspension it runs on the thread
    /// that talks to Postgres, which saves a change of threads for each run: it must not block or compute for long before.
    public var run: @Sendable (Lease) async throws -> Verdict

    public init(
        name: String, queue: String = "default", concurrency: Int = 16, deadline: Duration = .seconds(120),
        backoff: Backoff = Backoff(), maxAttempts: Int? = nil, isSecret: Bool = false,
        run: @escaping @Sendable (Lease) async throws -> Verdict
    ) {
        precondition(!name.isEmpty && concurrency > 0, "kind '\(name)' needs a name and room for at least one run")
        self.name = name
        self.queue = queue
        self.concurrency = concurrency
        self.deadline = deadline
        self.backoff = backoff
        self.maxAttempts = maxAttempts
        self.isSecret = isSecret
        self.run = run
    }
}

extension JobKind {
    /// For logs and history. Errors thrown over secret arguments may quote them, so only what kind of error it was is told.
    func describe(_ error: any Error) -> String {
        guard isSecret, !(error is StepRefused) else { return "\(error)" }
        let state = (error as? PostgresError)?.sqlState.map { " (SQLSTATE \($0))" } ?? ""
        return "\(type(of: error))\(state), not quoted because the arguments of this kind are secret"
    }

    /// Tells the database what this process knows of its kinds: where their jobs go, when they are dead, whether they are
    /// secret. Written only when something changed, and in one order, so that daemons that start together don't meet.
    static func registration(_ kinds: [JobKind]) -> [SQL] {
        [
            """
            insert into converged.queues (name) select distinct unnest(\(kinds.map(\.queue))::text[]) order by 1
            on conflict do nothing
            """,
            // A kind belongs to one queue: jobs that were enqueued before anybody knew which are moved there.
            """
            with changed as (
                insert into converged.kinds as present (name, queue, max_attempts, is_secret)
                select * from unnest(\(kinds.map(\.name))::text[], \(kinds.map(\.queue))::text[],
                    \(kinds.map(\.maxAttempts))::smallint[], \(kinds.map(\.isSecret))::boolean[]) as known order by 1
                on conflict (name) do update
                    set queue = excluded.queue, max_attempts = excluded.max_attempts, is_secret = excluded.is_secret
                    where (present.queue, present.max_attempts, present.is_secret)
                        is distinct from (excluded.queue, excluded.max_attempts, excluded.is_secret)
                returning name, queue
            ), buried as (
                update converged.dead_jobs d set queue = changed.queue
                from changed where d.kind = changed.name and d.queue <> changed.queue
            )
            update converged.jobs j set queue = changed.queue
            from changed where j.kind = changed.name and j.queue <> changed.queue and j.state <> 'running'
            """,
        ]
    }
}
