/// Breakers by name, bounded: those with nothing to remember are forgotten when room is needed.
struct BreakerTable: Sendable {
    private let settings: BreakerSettings
    private let maxBreakers: Int
    private var breakers: [String: Breaker] = [:]

    init(_ settings: BreakerSettings, maxBreakers: Int = 4096) {
        self.settings = settings
        self.maxBreakers = maxBreakers
    }

    var count: Int { breakers.count }

    func refusal(of name: String, at now: Moment) -> Moment? { breakers[name]?.refusal(at: now) }

    /// A name for which there is no room left goes through without a breaker: its ticket counts nowhere.
    mutating func admit(_ name: String, at now: Moment) -> Breaker.Admission {
        if breakers[name] == nil, breakers.count >= maxBreakers {
            breakers = breakers.filter { !$1.isIdle(at: now, settings) }
            if breakers.count >= maxBreakers { return .go(.init(era: 0, isProbe: false)) }
        }
        return breakers[name, default: Breaker()].admit(at: now)
    }

    mutating func record(_ result: Breaker.Result, for name: String, _ ticket: Breaker.Ticket, at now: Moment) {
        breakers[name]?.record(result, of: ticket, at: now, settings)
    }

    var open: [String: Moment] { breakers.compactMapValues(\.openUntil) }
}
