/// A token bucket as one moment: when it will be full again (the generic cell rate algorithm). Nothing is refilled by
/// a clock tick, so nothing drifts: every grant follows from the one before by arithmetic on absolute time.
struct TokenBucket: Sendable, Equatable {
    /// A grant that the loop serves late still counts from the moment it was due, up to this much: otherwise each
    /// wake-up's lateness would be lost for ever and a rate could not be used to the full.
    static let catchUp = Duration.milliseconds(50)

    private let interval: Duration
    /// How far the grants may run ahead of the rate.
    private let tolerance: Duration
    private(set) var fullAt: Moment
    private var pausedUntil: Moment

    init(_ budget: Budget, at now: Moment) {
        // Rounded up: a vendor's limit may be undercut by a nanosecond, not exceeded.
        interval = .nanoseconds(Int64((1_000_000_000 / budget.ratePerSecond).rounded(.up)))
        tolerance = interval * (budget.burst - 1)
        fullAt = now
        pausedUntil = now
    }

    /// The first moment at which the next token can be taken.
    var dueAt: Moment { max(fullAt.advanced(by: .zero - tolerance), pausedUntil) }

    /// Takes one token. `ready` is when the taker could have had it; only a taker that waited has one before `now`.
    mutating func take(at now: Moment, ready: Moment) {
        let nominal = min(now, max(ready, now.advanced(by: .zero - Self.catchUp)))
        fullAt = max(fullAt, nominal).advanced(by: interval)
    }

    /// Nothing is granted before `moment` (`Retry-After`). A shorter pause never ends a longer one.
    mutating func pause(until moment: Moment) { pausedUntil = max(pausedUntil, moment) }

    /// Holds no memory of the past: a new bucket would behave the same.
    func isFresh(at now: Moment) -> Bool { fullAt <= now && pausedUntil <= now }
}
