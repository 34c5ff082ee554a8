/// What a notice says: that there is work, or which job of which kind.
struct Hint: Equatable, Sendable {
    struct Job: Equatable, Sendable {
        var id: Int64
        /// Of its row.
        var address: String
        var kind: String
    }

    var job: Job?

    /// - Parameter payload: empty, or id, address and kind as `converged.enqueue` sends them. Anything else is a hint like the empty one.
    init(_ payload: String) {
        let parts = payload.split(separator: " ", maxSplits: 3)
        guard parts.count == 4, let id = Int64(parts[0]), let block = UInt32(parts[1]), let item = UInt16(parts[2])
        else {
            return
        }
        job = Job(id: id, address: "(\(block),\(item))", kind: String(parts[3]))
    }
}

extension Ledger {
    /// False: it is about the work of others.
    func concerns(_ hint: Hint) -> Bool { hint.job.map { index(of: $0.kind) != nil } ?? true }

    /// A round trip for one job that was just enqueued: less than half the way of a look. Only for who has nothing else to do,
    /// or others that are ready would be passed over. The look follows a little later, mostly with the end of the run.
    mutating func turn(for hint: Hint, _ now: Instant) -> Turn? {
        guard let worker, let job = hint.job, let kind = index(of: job.kind), free(kind) > 0, turning == 0,
            pending.isEmpty, retryAt == nil, !isHinted, !isUncertain, !isIsolating, !isStopping, !isDraining,
            !hasBacklog.contains(true)
        else { return nil }
        var limits = Array(repeating: 0, count: kinds.count)
        limits[kind] = 1
        expect(now + settings.finishDelay, now)
        lastTick = now
        return sent(
            Turn(
                worker: worker, finishes: [], limits: limits,
                hinted: HintedClaim(job: job.id, address: job.address, kind: kinds[kind])), now)
    }
}
