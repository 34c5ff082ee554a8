/// What a notice says: that there is work, or which job of which kind.
struct Hint: Equatable, Sendable {
    var job: Int64?
    var kind: String?

    init(job: Int64? = nil, kind: String? = nil) {
        self.job = job
        self.kind = kind
    }

    /// - Parameter payload: empty, or id and kind as `converged.enqueue` sends them. Anything else is a hint like the empty one.
    init(_ payload: String) {
        let parts = payload.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let id = Int64(parts[0]) else { return }
        (job, kind) = (id, String(parts[1]))
    }
}

extension Ledger {
    /// False: it is about the work of others.
    func concerns(_ hint: Hint) -> Bool { hint.kind.map { index(of: $0) != nil } ?? true }

    /// A round trip for one job that was just enqueued: less than half the way of a look. Only for who has nothing else to do,
    /// or others that are ready would be passed over. The look follows a little later, mostly with the end of the run.
    mutating func turn(for hint: Hint, _ now: Instant) -> Turn? {
        guard let worker, let job = hint.job, let kind = hint.kind.flatMap(index(of:)), free(kind) > 0, turning == 0,
            pending.isEmpty, retryAt == nil, !isHinted, !isUncertain, !isIsolating, !isStopping, !isDraining,
            !hasBacklog.contains(true)
        else { return nil }
        var limits = Array(repeating: 0, count: kinds.count)
        limits[kind] = 1
        asked[kind] += 1
        expect(now + settings.finishDelay, now)
        turning += 1
        lastTick = now
        return Turn(worker: worker, finishes: [], limits: limits, hinted: job)
    }
}
