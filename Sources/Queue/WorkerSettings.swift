/// How a ``Worker`` keeps time. The defaults are production's; tests shorten them.
public struct WorkerSettings: Sendable {
    /// Host and process, for people; in `converged.workers.name`.
    public var name: String
    public var version: String
    /// Hear hints through LISTEN. False behind a transaction pooler, where only polling works: then a wake waits up to
    /// `pollInterval`.
    public var listens = true
    /// The back-stop for lost hints; jittered by a fifth.
    public var pollInterval: Duration = .seconds(1)
    /// An end of a run waits at most this long for others to share its round trip, and ten times as long while leases are under
    /// way.
    public var finishDelay: Duration = .milliseconds(5)
    public var finishBatch = 500
    /// What is worth a round trip goes at once when none is under way, else so much later than the last: hints and ends of
    /// runs then share one.
    public var turnDelay: Duration = .milliseconds(2)
    /// Round trips under way at once at most, shared with the other workers of the same kinds.
    public var turns = 4
    /// A look for due jobs that takes longer than this and 50 µs for each that it found tells of an old snapshot that
    /// somebody holds: see ``Claim/floors``.
    public var slowLook: Duration = .milliseconds(2)
    public var heartbeatInterval: Duration = .seconds(3)
    /// Without a heartbeat for this long, by the worker's own clock, it stops its runs: less than `deadAfter`.
    public var lapseAfter: Duration = .seconds(8)
    /// A worker unseen for this long, by the database's clock, is dead.
    public var deadAfter: Duration = .seconds(10)
    public var rescueInterval: Duration = .seconds(2.5)
    /// Ticks are made when they fall due; this bounds how late a schedule that was just written is noticed.
    public var scheduleInterval: Duration = .seconds(5)
    /// How long running work may go on after the stop.
    public var grace: Duration = .seconds(10)
    /// How long a cancelled run may take to return before it is reported as overdue, and at a stop left behind.
    public var cancelGrace: Duration = .seconds(5)
    /// Opens the arguments of secret kinds; without it their jobs end as blocked.
    public var argumentSeal: ArgumentSeal?
    /// Randomness in 0..<1 for back-off and poll.
    public var unit: @Sendable () -> Double = { .random(in: 0..<1) }

    public init(name: String, version: String) {
        self.name = name
        self.version = version
    }
}
