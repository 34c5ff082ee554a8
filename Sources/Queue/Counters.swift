/// What a worker has done since it started, as a snapshot for metrics.
public struct Counters: Sendable, Equatable {
    public var claimed: UInt64 = 0
    /// By the word in `job_history.outcome`, and `again`, `retry`, `returned`.
    public var finished: [String: UInt64] = [:]
    /// Results that were refused because the lease was lost.
    public var leaseLosses: UInt64 = 0
    /// Jobs taken back from dead workers.
    public var rescued: UInt64 = 0
    /// Wakes moved into jobs.
    public var folded: UInt64 = 0
    /// Times that this worker stopped itself because it could not renew its row.
    public var lapses: UInt64 = 0
    /// Round trips that failed.
    public var failedTurns: UInt64 = 0
    /// From the moment a job fell due to its claim, by the database's clock.
    public var pickUp = Histogram()
    /// Round trips that asked for leases, and those that ended runs; many do both.
    public var claimRoundTrip = Histogram()
    public var finishRoundTrip = Histogram()
    /// Runs under way, by kind.
    public var running: [String: Int] = [:]
}

extension Counters {
    /// What several workers of one process did together.
    public func adding(_ other: Counters) -> Counters {
        var sum = self
        sum.claimed += other.claimed
        sum.finished.merge(other.finished, uniquingKeysWith: +)
        sum.leaseLosses += other.leaseLosses
        sum.rescued += other.rescued
        sum.folded += other.folded
        sum.lapses += other.lapses
        sum.failedTurns += other.failedTurns
        sum.pickUp.add(other.pickUp)
        sum.claimRoundTrip.add(other.claimRoundTrip)
        sum.finishRoundTrip.add(other.finishRoundTrip)
        sum.running.merge(other.running, uniquingKeysWith: +)
        return sum
    }
}

/// Whether a worker gets on, for the watchdog.
public struct WorkerProgress: Sendable {
    /// When the loop last came round, whatever the database answered: a lost database must not kill the daemon.
    public var lastTick: ContinuousClock.Instant
    /// The last heartbeat that the database took.
    public var lastHeartbeat: ContinuousClock.Instant?
    /// Runs that were cancelled and did not end: their handlers ignore cancellation. `machine/1d4f06a2`.
    public var overdue: [String]
}

extension Duration {
    /// From a number that may have a fraction.
    static func milliseconds(_ value: Double) -> Duration { .seconds(value / 1_000) }
}
