import DequeModule

/// Who has which connection, who waits, and when to try again: a pure value. Time and randomness come from outside,
/// effects go out as actions, so that a test can walk through years of failures in a second.
struct PoolStateMachine {
    typealias Instant = ContinuousClock.Instant

    struct Limits {
        var maxConnections = 8
        var maxWaiters = 1_000
        var acquireTimeout: Duration = .seconds(10)
        var idleTimeout: Duration = .seconds(120)
        var maxLifetime: Duration = .seconds(3600)
        var backoffBase: Duration = .milliseconds(50)
        var backoffCap: Duration = .seconds(5)
    }

    enum Refusal { case closed, lineFull, waitedTooLong }

    enum Action: Equatable {
        case connect(Int)
        case give(Int, waiter: Int)
        case refuse(waiter: Int, Refusal)
        case close(Int)
        /// Closed, and every connection is back.
        case drained
    }

    private struct Idle {
        let id: Int
        let since: Instant
    }

    private struct Waiter {
        let id: Int
        let deadline: Instant
    }

    let limits: Limits
    private var idle: [Idle] = []
    private var leased: [Int: Waiter] = [:]
    private(set) var connecting: Set<Int> = []
    private var expiry: [Int: Instant] = [:]
    private var waiters = Deque<Waiter>()
    private var nextID = 0
    private var failures = 0
    private var notBefore: Instant?
    private(set) var isClosed = false

    init(limits: Limits) { self.limits = limits }

    var idleCount: Int { idle.count }
    var leasedCount: Int { leased.count }
    var waiterCount: Int { waiters.count }
    var count: Int { idle.count + leased.count + connecting.count }

    // MARK: Callers

    mutating func request(waiter: Int, now: Instant) -> [Action] {
        if isClosed { return [.refuse(waiter: waiter, .closed)] }
        // The most recently used one: the others can grow old and go.
        let place = Waiter(id: waiter, deadline: now + limits.acquireTimeout)
        if let last = idle.popLast() { return [give(last.id, to: place)] }
        if waiters.count >= limits.maxWaiters { return [.refuse(waiter: waiter, .lineFull)] }
        waiters.append(place)
        return openMore(now)
    }

    var hasIdle: Bool { !idle.isEmpty }

    /// The caller no longer wants it.
    mutating func withdraw(waiter: Int) {
        waiters.removeAll { $0.id == waiter }
    }

    mutating func release(_ id: Int, isReusable: Bool, now: Instant) -> [Action] {
        guard leased.removeValue(forKey: id) != nil else { return [] }
        let isOld = expiry[id].map { $0 <= now } ?? true
        if isClosed || !isReusable || isOld { return drop(id) + openMore(now) + drainedIfDone() }
        return offer(id, now)
    }

    /// A connection turned out to be dead when it was about to be given: the waiter keeps the first place.
    mutating func findDead(_ id: Int, now: Instant) -> [Action] {
        guard let waiter = leased.removeValue(forKey: id) else { return [] }
        let closing = drop(id)
        if isClosed { return closing + [.refuse(waiter: waiter.id, .closed)] + drainedIfDone() }
        if let next = idle.popLast() { return closing + [give(next.id, to: waiter)] }
        waiters.prepend(waiter)
        return closing + openMore(now)
    }

    // MARK: Connections

    /// `lifetime` is a share (0.9…1.1) of the maximum, so that connections made together do not end together.
    mutating func connected(_ id: Int, lifetime: Double = 1, now: Instant) -> [Action] {
        guard connecting.remove(id) != nil else { return [.close(id)] }
        failures = 0
        notBefore = nil
        if isClosed { return [.close(id)] + drainedIfDone() }
        expiry[id] = now + limits.maxLifetime * lifetime
        return offer(id, now) + openMore(now)
    }

    /// `jitter` 0…1 spreads the next attempt over the whole back-off.
    mutating func failedToConnect(_ id: Int, jitter: Double, now: Instant) -> [Action] {
        guard connecting.remove(id) != nil else { return [] }
        failures += 1
        let steps = min(failures - 1, 16)
        notBefore = now + min(limits.backoffCap, limits.backoffBase * (1 << steps)) * (0.5 + jitter / 2)
        return drainedIfDone()
    }

    // MARK: Time

    /// Refuses who has waited too long, closes what is idle or old, tries again after a back-off.
    mutating func tick(now: Instant) -> [Action] {
        var actions: [Action] = []
        while let first = waiters.first, first.deadline <= now {
            waiters.removeFirst()
            actions.append(.refuse(waiter: first.id, .waitedTooLong))
        }
        for spare in idle where isExpired(spare, now) { actions += drop(spare.id) }
        idle.removeAll { expiry[$0.id] == nil }
        return actions + openMore(now)
    }

    /// When `tick` has something to do.
    var nextTick: Instant? {
        let idleEnds = idle.map { min($0.since + limits.idleTimeout, expiry[$0.id] ?? $0.since) }
        let retry = waiters.isEmpty ? nil : notBefore
        return (idleEnds + [waiters.first?.deadline, retry].compactMap { $0 }).min()
    }

    /// No new callers, nobody waits any more; what is leased may come back.
    mutating func close() -> [Action] {
        guard !isClosed else { return [] }
        isClosed = true
        var actions = waiters.map { Action.refuse(waiter: $0.id, .closed) }
        waiters = []
        for spare in idle { actions += drop(spare.id) }
        idle = []
        return actions + drainedIfDone()
    }

    // MARK: Steps

    private func isExpired(_ spare: Idle, _ now: Instant) -> Bool {
        spare.since + limits.idleTimeout <= now || (expiry[spare.id].map { $0 <= now } ?? true)
    }

    private mutating func give(_ id: Int, to waiter: Waiter) -> Action {
        leased[id] = waiter
        return .give(id, waiter: waiter.id)
    }

    private mutating func offer(_ id: Int, _ now: Instant) -> [Action] {
        if let first = waiters.popFirst() { return [give(id, to: first)] }
        idle.append(Idle(id: id, since: now))
        return []
    }

    private mutating func drop(_ id: Int) -> [Action] {
        expiry[id] = nil
        return [.close(id)]
    }

    /// As many as there are waiters; after a failure one at a time until one succeeds.
    private mutating func openMore(_ now: Instant) -> [Action] {
        guard !isClosed, notBefore.map({ $0 <= now }) ?? true else { return [] }
        notBefore = nil
        let limit = failures > 0 ? min(1, waiters.count) : waiters.count
        var actions: [Action] = []
        while connecting.count < limit, count < limits.maxConnections {
            nextID += 1
            connecting.insert(nextID)
            actions.append(.connect(nextID))
        }
        return actions
    }

    private func drainedIfDone() -> [Action] {
        isClosed && leased.isEmpty && connecting.isEmpty ? [.drained] : []
    }
}
