import FoundationEssentials

/// What one look at a rollout leads to. Pure (design law 9): canaries, then batches, each only after the one before is well,
/// and no further than the failure budget.
struct RolloutPlan: Sendable, Equatable {
    struct Change: Sendable, Equatable {
        var pa: UUID
        var state: RolloutMember.State
        var why: String
        /// Its row gets the image.
        var begins = false
        var restarts = false
    }

    /// As it will be when the changes are stored.
    private(set) var view: RolloutView
    private(set) var changes: [Change] = []

    init(_ view: RolloutView) {
        self.view = view
        guard view.rollout.state != .done else { return }
        for index in view.members.indices { judge(index) }
        if view.rollout.state == .rolling, let why = self.view.reasonToHalt {
            self.view.rollout.state = .halted
            self.view.rollout.why = why
        }
        if self.view.rollout.state == .rolling { goOn() }
    }

    private mutating func judge(_ index: Int) {
        let (member, restarts) = view.judge(view.members[index])
        let was = view.members[index]
        guard member != was || restarts else { return }
        view.members[index] = member
        changes.append(Change(pa: member.pa, state: member.state, why: member.why, restarts: restarts))
    }

    /// Lets members of the first open batch begin, as far as their droplets have room; whoever is paused is left out.
    private mutating func goOn() {
        while let batch = view.currentBatch {
            let waiting = view.members.indices
                .filter { view.members[$0].batch == batch && view.members[$0].state == .waiting }
                .sorted { view.members[$0].place < view.members[$1].place }
            for index in waiting { letBegin(index) }
            // Only when all of it were left out there is another batch to look at.
            if view.members.contains(where: { $0.batch == batch && $0.state.isOpen }) { break }
        }
        if view.currentBatch == nil {
            view.rollout.state = .done
            view.rollout.why = view.summary
        } else {
            view.rollout.why = view.progress
        }
    }

    private mutating func letBegin(_ index: Int) {
        var member = view.members[index]
        if let why = member.sight?.pausedBy {
            member.state = .skipped
            member.why = why
            member.since = view.now
            changes.append(Change(pa: member.pa, state: .skipped, why: why))
        } else {
            let underWay = view.members.count { $0.droplet == member.droplet && $0.state.isUnderWay }
            guard underWay < view.rollout.maxUnavailable, member.sight?.heldBecause == nil else { return }
            member.state = .updating
            member.why = RolloutMember.untold
            member.since = view.now
            member.beganAt = view.now
            member.generation = nil
            changes.append(Change(pa: member.pa, state: .updating, why: member.why, begins: true))
        }
        view.members[index] = member
    }

    /// When to look again though nobody says anything; nil: never, whoever changes something wakes it.
    var lookAgainSeconds: Double? {
        if view.rollout.state == .done { return nil }
        let ends = view.members.compactMap { member -> Date? in
            switch member.state {
            case .soaking:
                max(member.since, member.sight?.ready?.since ?? member.since).addingTimeInterval(
                    view.rollout.soakSeconds)
            case .updating: member.beganAt?.addingTimeInterval(view.rollout.readyWithinSeconds)
            default: nil
            }
        }
        if ends.isEmpty, view.rollout.state == .halted { return nil }
        let nearest = ends.map { $0.timeIntervalSince(view.now) }.min() ?? Self.longestWaitSeconds
        return min(max(nearest, 0.05), Self.longestWaitSeconds)
    }

    /// Rows that are paused, deleted or edited meanwhile wake nobody.
    static let longestWaitSeconds: Double = 30
}
