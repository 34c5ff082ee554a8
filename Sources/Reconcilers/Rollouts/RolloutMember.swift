import FoundationEssentials

/// One PA of a rollout: how far it is, and what its own worker tells of it.
struct RolloutMember: Sendable, Equatable {
    enum State: String, Sendable, CaseIterable {
        /// Nothing was done to it.
        case waiting
        /// Its row has the image; its worker has not said that it is well.
        case updating
        /// It is well, and has to stay so for a while.
        case soaking
        case done
        case failed
        /// As `done`, of a rollout that goes back.
        case reverted
        /// Left out, `why` says for what.
        case skipped

        var isUnderWay: Bool { self == .updating || self == .soaking }
        /// Keeps its batch open.
        var isOpen: Bool { self == .waiting || isUnderWay }
    }

    let pa: UUID
    let name: String
    let droplet: String
    /// What it had when the rollout began.
    let fromImage: String
    /// 0: canaries.
    let batch: Int
    let place: Int
    var state: State
    var why = ""
    /// Of the state.
    var since: Date
    /// When its image was set.
    var beganAt: Date?
    /// Its row's generation then.
    var generation: Int64?
    /// Just before. Who was ill already proves nothing, and is not held against the image.
    var wasReady = false
    /// A failure that a person saw and went on.
    var isForgiven = false
    /// Nil when its row is gone.
    var sight: PASight?

    static let untold = "its worker has not taken it up"

    /// Spends the failure budget.
    var isHeldAgainst: Bool { state == .failed && wasReady && !isForgiven }
}

/// What rows tell of a PA at this moment.
struct PASight: Sendable, Equatable {
    struct Ready: Sendable, Equatable {
        /// Nil: unknown, which is no failure.
        var isTrue: Bool?
        var reason: String
        var message: String
        var generation: Int64
        var since: Date
    }

    var image: String
    var isDeleting = false
    /// Its worker told that it needs a person, of this generation.
    var errorGeneration: Int64?
    var ready: Ready?
    /// Who paused this one PA.
    var pausedBy: String?
    /// Why nothing can be learnt of its whole droplet now.
    var heldBecause: String?
}
