import Postgres

/// How a run ended. Returned by a handler inside a ``Verdict``.
public enum Outcome: Sendable, Equatable {
    /// Nothing is left to do. With `next` the job stays and is looked at again after that time, as a resync.
    case settled(next: Duration?)
    /// Nothing failed, but it takes longer: look again. Counts as no attempt.
    case again(after: Duration)
    /// It failed and may succeed later: back-off, and after `maxAttempts` the dead letters. Must not quote secrets.
    case retry(because: String)
    /// It cannot succeed before somebody changes something: the job ends and waits for the next wake.
    case blocked(String)
}

/// What a handler answers.
public struct Verdict: Sendable {
    public var outcome: Outcome
    /// Written in the transaction that ends the run, only if the lease still holds.
    public var writes: [SQL]
    /// JSON for `job_history.output`.
    public var output: String?
    /// Fields of the one log line of this run. No secrets.
    public var log: [String: String]

    public init(_ outcome: Outcome, writes: [SQL] = [], output: String? = nil, log: [String: String] = [:]) {
        self.outcome = outcome
        self.writes = writes
        self.output = output
        self.log = log
    }
}
