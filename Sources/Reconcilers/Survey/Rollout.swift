import FoundationEssentials

/// How far a changed profile has come through its machines.
struct RolloutProgress: Sendable, Equatable {
    var profile: String
    var generation: Int64
    /// All machines of the profile that have been healthy once.
    var total = 0
    /// Not let through yet, in the order in which they get their turn.
    var pending: [UUID] = []
    /// Not let through yet and in trouble already: they can prove nothing and come last.
    var pendingBroken: [UUID] = []
    /// Let through: agree with their row and are healthy.
    var ready = 0
    /// Let through: still at it.
    var unready = 0
    /// Let through, and in error.
    var failed: [UUID] = []
}

/// The next step of a roll-out. Pure (design law 9): canary, then batches, each only after the one before is well.
enum RolloutStep: Sendable, Equatable {
    case done
    case wait
    case halt(because: UUID)
    case letThrough([UUID])

    static func next(_ progress: RolloutProgress, share: Share) -> RolloutStep {
        let isLast = progress.pending.isEmpty && progress.pendingBroken.isEmpty
        // With nobody left to protect, machines that were in trouble before must not keep the roll-out open.
        if let failed = progress.failed.first, !isLast || progress.ready + progress.unready == 0 {
            return .halt(because: failed)
        }
        if progress.unready > 0 { return .wait }
        if isLast { return .done }
        if progress.pending.isEmpty { return .letThrough(progress.pendingBroken) }
        let count = progress.ready == 0 ? 1 : share.of(progress.total)
        return .letThrough(Array(progress.pending.prefix(count)))
    }
}
