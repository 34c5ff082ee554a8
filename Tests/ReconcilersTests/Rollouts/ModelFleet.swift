import Foundation
import Support

@testable import Reconcilers

/// PAs and their workers as a model: the plan's changes are carried out, and each PA ends as its fate says.
struct ModelFleet {
    enum Fate: CaseIterable {
        case well, rolledBack, silent, deleted, edited, paused, wellThenIll
    }

    var view: RolloutView
    var fates: [UUID: Fate]
    /// Who began, in order, with the batch that was open then.
    var begun: [UUID] = []

    init(
        pas: Int, droplets: Int, maxUnavailable: Int, canaries: Int, budget: Int, ill: Set<Int> = [],
        fates: [Int: Fate] = [:]
    ) {
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        var rollout = RolloutRow(id: 1, image: "claw:2")
        rollout.maxUnavailable = maxUnavailable
        rollout.failureBudget = budget
        var members: [RolloutMember] = []
        var counts: [Int: Int] = [:]
        for number in 0..<pas {
            let batch: Int
            if number < canaries {
                batch = 0
            } else {
                counts[number % droplets, default: 0] += 1
                batch = (counts[number % droplets, default: 0] + maxUnavailable - 1) / maxUnavailable
            }
            var member = RolloutMember(
                pa: UUID(), name: "pa\(number)", droplet: "fleet-\(number % droplets)", fromImage: "claw:1",
                batch: batch,
                place: number, state: .waiting, since: start)
            member.sight = PASight(image: "claw:1")
            member.sight?.ready = .init(
                isTrue: !ill.contains(number), reason: "Running", message: "", generation: 1, since: start)
            members.append(member)
        }
        self.fates = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.pa, fates[$0] ?? .well) })
        view = RolloutView(rollout: rollout, members: members, now: start)
    }

    /// Carries a plan out as `converged.advance_rollout` does.
    mutating func apply(_ plan: RolloutPlan) {
        view = plan.view
        for change in plan.changes where change.begins {
            let index = view.members.firstIndex { $0.pa == change.pa }!
            view.members[index].wasReady = view.members[index].sight?.ready?.isTrue == true
            let image = view.target(of: view.members[index])
            view.members[index].sight?.image = image
            view.members[index].generation = (view.members[index].sight?.ready?.generation ?? 0) + 1
            begun.append(change.pa)
        }
    }

    /// A person's word: everybody that began goes back.
    mutating func revert() {
        view.rollout.isGoingBack = true
        view.rollout.state = .rolling
        for index in view.members.indices {
            if view.members[index].state == .waiting { view.members[index].state = .skipped }
            if view.members[index].state != .skipped {
                view.members[index].state = .waiting
                view.members[index].isForgiven = false
                fates[view.members[index].pa] = .well
            }
        }
    }

    /// Time goes on, and some worker, by chance, tells how its PA is.
    mutating func live(_ random: inout some RandomNumberGenerator) {
        view.now.addTimeInterval(Double.random(in: 1...100, using: &random))
        for index in view.members.indices where Bool.random(using: &random) { tell(index) }
    }

    private mutating func tell(_ index: Int) {
        let member = view.members[index]
        guard let generation = member.generation, member.state.isUnderWay else { return }
        switch fates[member.pa] ?? .well {
        case .well: told(index, true, "Running", generation)
        case .rolledBack: told(index, false, "RolledBack", generation)
        case .silent: break
        case .deleted: view.members[index].sight = nil
        case .edited: view.members[index].sight?.image = "claw:other"
        case .paused: view.members[index].sight?.pausedBy = "paused by bob"
        case .wellThenIll:
            told(index, member.state == .updating, member.state == .updating ? "Running" : "RolledBack", generation)
        }
    }

    private mutating func told(_ index: Int, _ isTrue: Bool, _ reason: String, _ generation: Int64) {
        let was = view.members[index].sight?.ready
        let isSame = was?.isTrue == isTrue && was?.generation == generation
        let since = isSame ? was?.since ?? view.now : view.now
        view.members[index].sight?.ready = .init(
            isTrue: isTrue, reason: reason, message: "", generation: generation, since: since)
    }
}
