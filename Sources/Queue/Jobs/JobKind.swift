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
    /// Ends with a verdict; an error thrown is `.retry` with its description.
    public var run: @Sendable (Lease) async throws -> Verdict

    public init(
        name: String, queue: String = "default", concurrency: Int = 16, deadline: Duration = .seconds(120),
        backoff: Backoff = Backoff(), maxAttempts: Int? = nil, run: @escaping @Sendable (Lease) async throws -> Verdict
    ) {
        precondition(!name.isEmpty && concurrency > 0, "kind '\(name)' needs a name and room for at least one run")
        self.name = name
        self.queue = queue
        self.concurrency = concurrency
        self.deadline = deadline
        self.backoff = backoff
        self.maxAttempts = maxAttempts
        self.run = run
    }
}
