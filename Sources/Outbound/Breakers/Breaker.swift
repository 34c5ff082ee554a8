/// When to stop calling a vendor that does not answer, and when to try again.
public struct BreakerSettings: Sendable {
    /// Failures in a row, without a success between them, that open it.
    public var failures: Int
    /// They must lie within this time.
    public var window: Duration
    /// First time open; doubles with each failed probe up to `maxOpen`.
    public var open: Duration
    public var maxOpen: Duration

    public init(
        failures: Int = 8, window: Duration = .seconds(60), open: Duration = .seconds(5),
        maxOpen: Duration = .seconds(120)
    ) {
        self.failures = failures
        self.window = window
        self.open = open
        self.maxOpen = maxOpen
    }
}

/// closed → open(until) → half-open with one probe → closed or open for longer. Pure; time is passed in.
struct Breaker: Sendable, Equatable {
    /// Handed out with an admission. A result counts only in the era it was started in: a slow answer from before the
    /// breaker opened neither closes it nor opens it again.
    struct Ticket: Sendable, Equatable {
        let era: UInt64
        let isProbe: Bool
    }
    enum Admission: Sendable, Equatable {
        case go(Ticket)
        case refused(until: Moment)
    }
    enum Result: Sendable { case success, failure, unknown }
    private enum State: Equatable {
        case closed
        case open(until: Moment)
        case probing(since: Moment)
    }

    private var state = State.closed
    private var era: UInt64 = 0
    private var recent: [Moment] = []
    private var openings = 0

    /// Refused callers are told to come back after this while a probe is under way.
    static let probePatience = Duration.seconds(1)

    /// Would `admit` refuse? Changes nothing, so it may be asked before waiting for a budget.
    func refusal(at now: Moment) -> Moment? {
        switch state {
        case .closed: nil
        case .open(let until): until > now ? until : nil
        case .probing: now.advanced(by: Self.probePatience)
        }
    }

    mutating func admit(at now: Moment) -> Admission {
        if let until = refusal(at: now) { return .refused(until: until) }
        guard case .open = state else { return .go(Ticket(era: era, isProbe: false)) }
        state = .probing(since: now)
        era += 1
        return .go(Ticket(era: era, isProbe: true))
    }

    mutating func record(_ result: Result, of ticket: Ticket, at now: Moment, _ settings: BreakerSettings) {
        guard ticket.era == era else { return }
        switch (result, ticket.isProbe) {
        case (.success, true):
            self = Breaker(closedAfter: era)
        case (.failure, true):
            open(at: now, settings)
        case (.unknown, true):
            // Cancelled before it showed anything: the next caller probes at once.
            state = .open(until: now)
        case (.success, false):
            recent = []
        case (.failure, false):
            recent.removeAll { $0.advanced(by: settings.window) <= now }
            recent.append(now)
            if recent.count >= settings.failures { open(at: now, settings) }
        case (.unknown, false):
            break
        }
    }

    init() {}

    private init(closedAfter era: UInt64) { self.era = era + 1 }

    private mutating func open(at now: Moment, _ settings: BreakerSettings) {
        let span = min(settings.maxOpen, settings.open * (1 << min(openings, 16)))
        openings += 1
        era += 1
        recent = []
        state = .open(until: now.advanced(by: span))
    }

    /// Until when nothing but a probe is let through.
    var openUntil: Moment? {
        switch state {
        case .closed: nil
        case .open(let until): until
        case .probing(let since): since
        }
    }

    /// Behaves like a new one at `now`, whatever tickets are out: it can be forgotten.
    func isIdle(at now: Moment, _ settings: BreakerSettings) -> Bool {
        state == .closed && recent.allSatisfy { $0.advanced(by: settings.window) <= now }
    }
}
