/// How the fleet is surveyed.
public struct SurveySettings: Sendable {
    /// From the end of one survey to the next.
    public var interval: Duration = .seconds(60)
    /// The same while a changed profile moves through the fleet.
    public var rolloutInterval: Duration = .seconds(15)
    /// Machines woken per survey for a look at their checks, which no list of the whole organisation shows; 0: none.
    public var checkupsPerSurvey = 20
    /// Deletes orphans past their grace period; otherwise only those whose row says `sweep`.
    public var sweepsOrphans = false
    /// How long an orphan must have been seen before it is swept.
    public var orphanGrace: Duration = .seconds(3600)
    /// The organisation's list lags: machines younger than this are not missed.
    public var listLag: Duration = .seconds(180)
    /// A larger part of the fleet missing at once is not believed (design law 2).
    public var believableDrop = Share(numerator: 1, denominator: 5, atLeast: 3)
    /// Repairs, roll-out steps and sweeps at once (design law 9).
    public var blastRadius = Share(numerator: 1, denominator: 10, atLeast: 1)
    /// Objects per page of the vendor's lists; it allows 1000.
    public var pageSize = 1000

    public init() {}
}

/// A part of a group, never less than a floor.
public struct Share: Sendable, Equatable {
    public var numerator: Int
    public var denominator: Int
    public var atLeast: Int

    public init(numerator: Int, denominator: Int, atLeast: Int) {
        self.numerator = numerator
        self.denominator = denominator
        self.atLeast = atLeast
    }

    public func of(_ count: Int) -> Int { max(atLeast, count * numerator / denominator) }
}
