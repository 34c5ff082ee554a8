import Postgres

/// One round trip: ends of runs, then new leases.
struct Turn: Sendable {
    var worker: Int64
    var finishes: [Finish]
    /// Leases wanted per kind; nil: none, and nothing is folded.
    var limits: [Int]?
    var floors: [Int64?] = []
    /// Instead of a look for due jobs: this one.
    var hinted: HintedClaim?
}

extension Ledger {
    /// The next round trip, if one is worth it now. One is under way as a rule, and what comes meanwhile joins the next; there
    /// are several in a backlog, so that the database works while we do, and when one takes long.
    mutating func nextTurn(_ now: Instant) -> Turn? {
        lastTick = now
        guard let worker, !isUncertain, retryAt.map({ $0 <= now }) ?? true,
            turning == 0 || mayTurnBeside && (isFullTurnWaiting || besideAt.map { $0 <= now } ?? false)
        else { return nil }
        let isFlushed = mustFlush(now)
        let claims = !isIsolating && !(isFlushed && hasLeftEnds) && wantsClaim(now, isFlushed)
        guard isFlushed || claims else { return nil }
        var turn = Turn(worker: worker, finishes: [], limits: nil)
        let count = min(claims ? mostEndsBesideLeases : isIsolating ? 1 : settings.finishBatch, pending.count)
        if count > 0 {
            turn.finishes = Array(pending.prefix(count))
            pending.removeFirst(count)
            pendingSince = pending.isEmpty ? nil : now
        }
        hasLeftEnds = count == 0 && !pending.isEmpty
        if claims {
            turn.limits = kinds.indices.map { min(free($0), Claim.mostLeases) }
            turn.floors = look(now)
            isHinted = false
            dueAt = nil
            pollAt = now + settings.pollInterval * (0.8 + 0.4 * settings.unit())
        }
        return sent(turn, now)
    }

    /// It goes out now.
    mutating func sent(_ turn: Turn, _ now: Instant) -> Turn {
        for (kind, limit) in (turn.limits ?? []).enumerated() { asked[kind] += limit }
        turning += 1
        turnedAt = now
        return turn
    }

    /// Workers of the same kinds share what the database can usefully have under way at once: each statement that runs makes
    /// all others walk over the entries that its claims left in the index.
    private var mostTurns: Int { max(1, settings.turns / peers) }

    /// Enough ends, or enough room for a kind with a backlog, to fill a round trip beside those under way.
    private var isFullTurnWaiting: Bool {
        if pending.count >= settings.finishBatch { return true }
        if isStopping || isDraining { return false }
        return kinds.indices.contains { kind in
            hasBacklog[kind] && free(kind) >= min(Claim.mostLeases, kinds[kind].concurrency / mostTurns + 1)
        }
    }

    /// In a backlog what counts is that round trips are full. Otherwise many ends would hold up the start of what was just
    /// enqueued: they go beside it.
    private var mostEndsBesideLeases: Int {
        mostTurns == 1 || pending.count <= 50 || hasBacklog.contains(true) ? settings.finishBatch : 0
    }

    private var hasRoom: Bool { kinds.indices.contains { free($0) > 0 } }

    private var mayTurnBeside: Bool { turning < mostTurns && !isIsolating }

    /// When to send a round trip beside those under way that is not full. Never in a backlog, nor before the first look has told
    /// whether there is one; else soon, but so that what comes shortly after goes along.
    private var besideAt: Instant? {
        guard turning > 0, mayTurnBeside, hasLooked, !hasBacklog.contains(true) else { return nil }
        let soon = turnedAt + settings.turnDelay
        if isHinted, !isStopping, !isDraining, hasRoom { return soon }
        // Ends have less hurry than the leases under way, and would take the processor from them.
        let patience = asked.contains { $0 > 0 } ? 10 : 1
        return pendingSince.map { max(soon, $0 + finishDelay * patience) }
    }

    /// When a round trip is worth it if nothing happens before; nil: not before something does.
    var turnAt: Instant? {
        guard worker != nil, !isUncertain else { return nil }
        var times = [besideAt]
        if turning == 0 {
            times.append(pendingSince.map { $0 + finishDelay })
            if !isStopping, !isDraining {
                // Without room for it, what falls due waits for an end of a run, and that fires the signal.
                times += [pollAt, hasRoom ? dueAt : nil]
            }
        }
        return times.compactMap(\.self).min().map { max($0, retryAt ?? $0) }
    }

    /// Where the next look begins. After a slow one only what is new is looked at, for thirty times as long as it took; so do
    /// looks that go beside the next full one.
    private mutating func look(_ now: Instant) -> [Int64?] {
        guard fullLookAt <= now else { return floors }
        if floors.contains(where: { $0 != nil }) { fullLookAt = now + .seconds(1) }
        return Array(repeating: nil, count: kinds.count)
    }

    private mutating func looked(_ turn: Turn, _ claim: Claim.Result, _ now: Instant) {
        guard turn.hinted == nil else { return }
        var highest: [Int: Int64] = [:]
        for leased in claim.leases {
            guard let rank = leased.rank, let kind = index(of: leased.lease.kind) else { continue }
            highest[kind] = max(highest[kind] ?? .min, rank)
        }
        if turn.floors.contains(where: { $0 != nil }) {
            guard now < fullLookAt else { return }
            for (kind, rank) in highest { floors[kind] = max(floors[kind] ?? .min, rank) }
        } else if claim.look > settings.slowLook + .microseconds(50) * claim.leases.count {
            fullLookAt = now + max(.seconds(1), claim.look * 30)
            for (kind, rank) in highest { floors[kind] = rank }
        } else {
            fullLookAt = now
            floors = Array(repeating: nil, count: kinds.count)
        }
    }

    /// Ends wait for others to share their round trip, but not when nothing runs that could join them.
    private func mustFlush(_ now: Instant) -> Bool {
        guard let pendingSince else { return false }
        return pending.count >= settings.finishBatch || runs.isEmpty || isStopping || isIsolating
            || pendingSince + finishDelay <= now
    }

    /// Free capacity is worth more than a fuller round trip while there is work for it.
    var finishDelay: Duration {
        let isWanted = kinds.indices.contains { hasBacklog[$0] && free($0) > 0 }
        return isWanted && !isDraining ? settings.finishDelay / 5 : settings.finishDelay
    }

    private func wantsClaim(_ now: Instant, _ isFlushed: Bool) -> Bool {
        if isStopping || isDraining { return false }
        if pollAt <= now { return true }
        let open = kinds.indices.filter { free($0) > 0 }
        if open.isEmpty { return false }
        if isHinted || dueAt.map({ $0 <= now }) ?? false { return true }
        return isFlushed && open.contains { hasBacklog[$0] }
    }

    /// A round trip succeeded. Returns the leases to run.
    mutating func settle(_ turn: Turn, _ answers: [Int64: Finish.Answer], _ claim: Claim.Result?, _ now: Instant)
        -> [Run]
    {
        turning -= 1
        unask(turn)
        failures = 0
        retryAt = nil
        // One at a time until all of those that may hide the refused one are through.
        isIsolating = isIsolating && !pending.isEmpty
        for finish in turn.finishes { record(finish, answers[finish.lease.job], now) }
        // Lapsed meanwhile: the leases belong to a dead worker and are taken back as such.
        guard let limits = turn.limits, let claim, turn.worker == worker else { return [] }
        counters.folded += UInt64(claim.folded)
        counters.claimed += UInt64(claim.leases.count)
        looked(turn, claim, now)
        var claimed = Array(repeating: 0, count: kinds.count)
        var begun: [Run] = []
        begun.reserveCapacity(claim.leases.count)
        for leased in claim.leases {
            guard let kind = index(of: leased.lease.kind) else { continue }
            claimed[kind] += 1
            counters.pickUp.record(seconds: leased.waitedSeconds)
            begun.append(begin(leased.lease, kind, now))
        }
        if turn.hinted != nil {
            isHinted = isHinted || begun.isEmpty
            return begun
        }
        for kind in kinds.indices where limits[kind] > 0 { hasBacklog[kind] = claimed[kind] == limits[kind] }
        hasLooked = true
        if claim.folded >= Claim.mostWakes { isHinted = true }
        if let next = claim.next { expect(now + next + .milliseconds(1), now) }
        if claim.leftBehind > 0 { expect(now + .milliseconds(20), now) }
        return begun
    }

    private mutating func unask(_ turn: Turn) {
        for (kind, limit) in (turn.limits ?? []).enumerated() { asked[kind] -= limit }
    }

    /// The database has taken the end of a run.
    mutating func record(_ finish: Finish, _ answer: Finish.Answer?, _ now: Instant) {
        switch answer {
        case .lost where !finish.isUncertain: counters.leaseLosses += 1
        case .dead: ended[Finish.Ending.dead.place] += 1
        default: ended[finish.ending.place] += 1
        }
        if answer == .due { isHinted = true }
        if let after = finish.after { expect(now + after + .milliseconds(1), now) }
    }

    /// Something falls due then; only the nearest is kept.
    mutating func expect(_ due: Instant, _ now: Instant) {
        dueAt = min(due, dueAt ?? .distant(now))
    }

    /// A round trip failed; what it carried goes again.
    ///
    /// - Parameter isUnknown: it may have been committed.
    mutating func fail(_ turn: Turn, isRetryable: Bool, isUnknown: Bool, _ now: Instant) {
        turning -= 1
        unask(turn)
        counters.failedTurns += 1
        failures += 1
        let wait = Duration.milliseconds(50) * (1 << min(failures, 5))
        retryAt = now + min(wait, .seconds(1)) * (0.5 + 0.5 * settings.unit())
        isHinted = isHinted || turn.limits != nil
        guard turn.worker == worker else { return }
        var finishes = turn.finishes
        if isUnknown {
            isUncertain = isUncertain || turn.limits != nil
            for index in finishes.indices { finishes[index].isUncertain = true }
        }
        if !isRetryable, finishes.count > 1 || (finishes.count == 1 && turn.limits != nil) {
            isIsolating = true
        } else if !isRetryable, finishes.count == 1, finishes[0].ending != .retry {
            finishes[0] = refused(finishes[0])
        }
        pending.insert(contentsOf: finishes, at: 0)
        if !pending.isEmpty { pendingSince = now }
    }

    /// Nobody knows whether the last claim was committed: what the database holds for us has to be compared with what
    /// we hold, under a new row in `converged.workers`, so that a claim still on its way there is refused.
    mutating func nextRenewal(_ now: Instant) -> Renewal? {
        guard let worker, isUncertain, turning == 0, retryAt.map({ $0 <= now }) ?? true else { return nil }
        turning += 1
        return Renewal(worker: worker, held: runs.values.map(\.lease) + pending.map(\.lease))
    }

    mutating func renewed(_ renewal: Renewal, as id: Int64) {
        turning -= 1
        guard worker == renewal.worker else { return }
        worker = id
        isUncertain = false
        isHinted = true
    }

    /// The database does not take this end of a run (output that is no JSON): end it as a failure, which holds nothing of
    /// the handler's.
    func refused(_ finish: Finish) -> Finish {
        guard let kind = index(of: finish.lease.kind) else { return finish }
        let verdict = Verdict(.retry(because: "the database refused the result of this run"))
        return Finish(finish.lease, verdict, kinds[kind], startedAt: finish.startedAt, unit: settings.unit())
    }
}

struct Renewal: Sendable {
    var worker: Int64
    var held: [Lease]
}

extension ContinuousClock.Instant {
    /// Later than anything that is waited for.
    static func distant(_ now: Self) -> Self { now + .seconds(86_400) }
}
