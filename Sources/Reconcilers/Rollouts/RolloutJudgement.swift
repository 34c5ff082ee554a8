import FoundationEssentials

/// What became of a member since the last look. Pure.
extension RolloutView {
    /// The member as it is to be stored; `restarts`: its time to become ready counts anew.
    func judge(_ member: RolloutMember) -> (member: RolloutMember, restarts: Bool) {
        var judged = member
        var restarts = false
        switch member.state {
        case .skipped: break
        case .done, .reverted:
            // Ill after its soak is ill all the same.
            if unfit(member, image: target(of: member)) == nil, isIll(member) {
                judged.move(to: .failed, reason(member), now)
            }
        case .waiting:
            if let why = unfit(member, image: origin(of: member)) { judged.move(to: .skipped, why, now) }
        case .updating, .soaking, .failed:
            if let why = unfit(member, image: target(of: member)) {
                judged.move(to: .skipped, why, now)
            } else if let why = member.sight?.pausedBy, member.state.isUnderWay {
                judged.move(to: .skipped, "\(why) while it was under way", now)
            } else if isWell(member) {
                judged.becomeWell(soakSeconds: rollout.soakSeconds, isGoingBack: rollout.isGoingBack, now)
            } else if isIll(member) {
                judged.move(to: .failed, reason(member), now)
            } else if member.state.isUnderWay {
                restarts = member.sight?.heldBecause != nil
                judged.stayUnwell(
                    restarts: restarts, within: rollout.readyWithinSeconds, member.sight?.heldBecause ?? reason(member),
                    now)
            }
        }
        return (judged, restarts)
    }

    /// Why it is left out: it goes, or somebody gave it another image.
    private func unfit(_ member: RolloutMember, image: String) -> String? {
        guard let sight = member.sight else { return "its row is gone" }
        if sight.isDeleting { return "it is being deleted" }
        if sight.image == image { return nil }
        return member.state == .waiting && sight.image == target(of: member)
            ? "somebody else gave it this image" : "somebody gave it another image: \(sight.image)"
    }

    /// What is told of an earlier generation says nothing of this image.
    private func told(_ member: RolloutMember) -> PASight.Ready? {
        guard let generation = member.generation, let ready = member.sight?.ready, ready.generation >= generation else {
            return nil
        }
        return ready
    }

    private func isWell(_ member: RolloutMember) -> Bool { told(member)?.isTrue == true }

    /// Its worker says that it needs a person, or went back to the container before.
    private func isIll(_ member: RolloutMember) -> Bool {
        guard let generation = member.generation, let ready = told(member), ready.isTrue == false else { return false }
        return ready.reason == "RolledBack" || (member.sight?.errorGeneration ?? 0) >= generation
    }

    private func reason(_ member: RolloutMember) -> String {
        guard let ready = told(member) else { return RolloutMember.untold }
        return ready.message.isEmpty ? ready.reason : "\(ready.reason): \(ready.message)"
    }
}

extension RolloutMember {
    fileprivate mutating func move(to state: State, _ why: String, _ now: Date) {
        if self.state != state { since = now }
        if state != .failed { isForgiven = false }
        self.state = state
        self.why = why
    }

    /// The soak counts from when it was seen well and has not been otherwise since.
    fileprivate mutating func becomeWell(soakSeconds: Double, isGoingBack: Bool, _ now: Date) {
        if state != .soaking { move(to: .soaking, "", now) }
        why = ""
        let start = max(since, sight?.ready?.since ?? since)
        if now.timeIntervalSince(start) >= soakSeconds { move(to: isGoingBack ? .reverted : .done, "", now) }
    }

    fileprivate mutating func stayUnwell(restarts: Bool, within seconds: Double, _ why: String, _ now: Date) {
        if restarts { beganAt = now }
        if now.timeIntervalSince(beganAt ?? since) >= seconds {
            move(to: .failed, "not ready within \(Int(seconds)) s (\(why))", now)
        } else {
            move(to: .updating, why, now)
        }
    }
}
