/// How long a job waits after its n-th failure: anywhere between nothing and `base × 2ⁿ⁻¹`, at most `cap`
/// ("full jitter": what failed together does not come back together).
public struct Backoff: Sendable, Equatable {
    public var base: Duration
    public var cap: Duration

    public init(base: Duration = .seconds(2), cap: Duration = .seconds(300)) {
        self.base = base
        self.cap = cap
    }

    /// The longest wait after that many failures (1 = the first).
    public func ceiling(failures: Int) -> Duration {
        var ceiling = base
        for _ in 1..<max(1, min(failures, 64)) {
            if ceiling >= cap { return cap }
            ceiling *= 2
        }
        return min(ceiling, cap)
    }

    /// - Parameter unit: a random number in 0..<1, the only thing that this does not decide by itself.
    public func delay(failures: Int, unit: Double) -> Duration {
        ceiling(failures: failures) * unit
    }
}
