import FoundationEssentials

/// A row of `converged.rollouts`: what was asked for, and where it stands.
struct RolloutRow: Sendable, Equatable {
    enum State: String, Sendable {
        case rolling, halted, done
    }

    let id: Int64
    /// Bumped by each word of a person.
    var generation: Int64 = 1
    let image: String
    var isGoingBack = false
    var state = State.rolling
    var why = ""
    var maxUnavailable = 1
    var soakSeconds: Double = 60
    var readyWithinSeconds: Double = 3600
    var failureBudget = 0
}

/// All that a run of the key `rollout/<id>` decides from: our own rows, of one moment.
struct RolloutView: Sendable, Equatable {
    var rollout: RolloutRow
    var members: [RolloutMember]
    /// Database time.
    var now: Date

    func target(of member: RolloutMember) -> String { rollout.isGoingBack ? member.fromImage : rollout.image }

    func origin(of member: RolloutMember) -> String { rollout.isGoingBack ? rollout.image : member.fromImage }

    /// The batch that is at work; nil when none is left.
    var currentBatch: Int? { members.filter(\.state.isOpen).map(\.batch).min() }

    var failures: [RolloutMember] { members.filter(\.isHeldAgainst) }
}
