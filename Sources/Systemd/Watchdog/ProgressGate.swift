/// Decides whether the daemon makes progress, a pure value. A process that merely runs proves nothing: each loop
/// that matters must have got somewhere lately.
public struct ProgressGate: Sendable {
    /// `maxAge` after `lastProgress` the check has stalled. The database: its last round trip. The scheduler: its last
    /// tick. A running job: its start, with its deadline as `maxAge`.
    public struct Check: Sendable, Equatable {
        public let name: String
        public let lastProgress: ContinuousClock.Instant
        public let maxAge: Duration

        public init(_ name: String, lastProgress: ContinuousClock.Instant, maxAge: Duration) {
            self.name = name
            self.lastProgress = lastProgress
            self.maxAge = maxAge
        }
    }

    public enum Verdict: Sendable, Equatable {
        case healthy
        /// The names of the checks that stalled, in the order in which they were given.
        case stalled([String])
    }

    public let checks: [Check]

    public init(_ checks: [Check]) { self.checks = checks }

    public func verdict(at now: ContinuousClock.Instant) -> Verdict {
        let stalled = checks.filter { $0.lastProgress.duration(to: now) > $0.maxAge }.map(\.name)
        return stalled.isEmpty ? .healthy : .stalled(stalled)
    }
}
