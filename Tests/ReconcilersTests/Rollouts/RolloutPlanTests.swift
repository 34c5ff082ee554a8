import Foundation
import Support
import Testing

@testable import Reconcilers

/// Any order of looks and any fate of PAs lead to the same kind of end, and never past the limits.
@Suite struct RolloutPlanTests {
    @Test(arguments: 0..<300) func anyFleetComesToAnEnd(round: UInt64) {
        var random = Seed(value: 0xc0de + round)
        let pas = Int.random(in: 1...20, using: &random)
        let budget = Int.random(in: 0...3, using: &random)
        var fates: [Int: ModelFleet.Fate] = [:]
        for number in 0..<pas where Int.random(in: 0..<4, using: &random) == 0 {
            fates[number] = ModelFleet.Fate.allCases.randomElement(using: &random)
        }
        let ill = Set((0..<pas).filter { _ in Int.random(in: 0..<8, using: &random) == 0 })
        var fleet = ModelFleet(
            pas: pas, droplets: Int.random(in: 1...4, using: &random),
            maxUnavailable: Int.random(in: 1...3, using: &random),
            canaries: Int.random(in: 0...3, using: &random), budget: budget, ill: ill, fates: fates)
        run(&fleet, &random)
        if fleet.view.rollout.state == .halted {
            #expect(fleet.view.reasonToHalt != nil)
            fleet.revert()
            fleet.begun = []
            run(&fleet, &random)
            #expect(fleet.view.rollout.state == .done, "going back with all PAs well ends")
            #expect(fleet.view.members.allSatisfy { $0.state == .reverted || $0.state == .skipped })
        } else {
            #expect(fleet.view.failures.count <= budget)
            #expect(!fleet.view.members.contains { $0.batch == 0 && $0.isHeldAgainst })
        }
        for member in fleet.view.members where member.state == .done { #expect(member.sight?.image == "claw:2") }
    }

    /// Until nothing is to be done any more; the limits are looked at with every step.
    private func run(_ fleet: inout ModelFleet, _ random: inout Seed) {
        var steps = 0
        while true {
            let plan = RolloutPlan(fleet.view)
            let mayBegin = fleet.view.rollout.state == .rolling && plan.view.rollout.state != .halted
            #expect(mayBegin || !plan.changes.contains(where: \.begins), "nobody begins once it is halted")
            fleet.apply(plan)
            assertLimits(fleet)
            let again = RolloutPlan(fleet.view)
            #expect(
                again.changes.isEmpty && again.view == fleet.view, "a second look at the same moment changes nothing")
            if plan.lookAgainSeconds == nil { break }
            fleet.live(&random)
            steps += 1
            guard steps < 5000 else {
                Issue.record("no end after \(steps) steps: \(fleet.view.progress)")
                return
            }
        }
        #expect(fleet.view.rollout.state != .rolling)
        #expect(!fleet.view.members.contains { $0.state.isUnderWay })
    }

    private func assertLimits(_ fleet: ModelFleet) {
        let underWay = fleet.view.members.filter(\.state.isUnderWay)
        for (_, members) in Dictionary(grouping: underWay, by: \.droplet) {
            #expect(members.count <= fleet.view.rollout.maxUnavailable)
        }
        #expect(Set(underWay.map(\.batch)).count <= 1 || fleet.view.rollout.state == .halted, "one batch at a time")
        let batches = fleet.begun.compactMap { pa in fleet.view.members.first { $0.pa == pa }?.batch }
        #expect(batches == batches.sorted(), "batches begin in order")
    }

    @Test func aCanaryHaltsWhateverTheBudget() {
        var fleet = ModelFleet(pas: 6, droplets: 2, maxUnavailable: 2, canaries: 1, budget: 5, fates: [0: .rolledBack])
        var random = Seed(value: 7)
        run(&fleet, &random)
        #expect(fleet.view.rollout.state == .halted && fleet.begun.count == 1)
        #expect(fleet.view.rollout.why == "the canary failed: pa0 (RolledBack)")
    }

    @Test func whoWasIllBeforeIsNotHeldAgainstTheImage() {
        var fleet = ModelFleet(
            pas: 4, droplets: 1, maxUnavailable: 1, canaries: 1, budget: 0, ill: [3], fates: [3: .rolledBack])
        var random = Seed(value: 8)
        run(&fleet, &random)
        #expect(fleet.view.rollout.state == .done)
        #expect(fleet.view.rollout.why == "3 of 4 done, 1 failed, 1 of them not well before: pa3 (RolledBack)")
    }

    @Test func whoLeavesIsSaid() {
        var fleet = ModelFleet(
            pas: 4, droplets: 1, maxUnavailable: 4, canaries: 0, budget: 0,
            fates: [0: .deleted, 1: .edited, 2: .paused])
        var random = Seed(value: 9)
        run(&fleet, &random)
        #expect(fleet.view.rollout.state == .done && fleet.view.rollout.why == "1 of 4 done, 3 skipped")
        #expect(
            fleet.view.members.map(\.why) == [
                "its row is gone", "somebody gave it another image: claw:other", "paused by bob while it was under way",
                "",
            ])
    }

    @Test func aSilentWorkerHasItsTime() {
        var fleet = ModelFleet(pas: 2, droplets: 1, maxUnavailable: 1, canaries: 1, budget: 0, fates: [0: .silent])
        fleet.apply(RolloutPlan(fleet.view))
        fleet.view.now.addTimeInterval(3599)
        #expect(RolloutPlan(fleet.view).view.members[0].state == .updating)
        fleet.view.members[0].sight?.heldBecause = "droplet fleet-0 is unreachable"
        fleet.view.now.addTimeInterval(3600)
        let held = RolloutPlan(fleet.view)
        #expect(held.view.members[0].state == .updating, "while nobody can know, no time passes")
        #expect(
            held.changes.map(\.restarts) == [true] && held.view.rollout.why.contains("(droplet fleet-0 is unreachable)")
        )
        fleet.view = held.view
        fleet.view.members[0].sight?.heldBecause = nil
        fleet.view.now.addTimeInterval(3600)
        let late = RolloutPlan(fleet.view)
        #expect(late.view.rollout.state == .halted)
        #expect(late.view.members[0].why.hasPrefix("not ready within 3600 s"))
    }

    @Test func soakingCountsFromTheLastTroubleAndWhatHealsIsWell() {
        var fleet = ModelFleet(pas: 2, droplets: 1, maxUnavailable: 1, canaries: 1, budget: 0)
        fleet.apply(RolloutPlan(fleet.view))
        func told(_ isTrue: Bool, _ reason: String = "Running") {
            let since = fleet.view.now
            fleet.view.members[0].sight?.ready = .init(
                isTrue: isTrue, reason: reason, message: "", generation: 2, since: since)
            fleet.apply(RolloutPlan(fleet.view))
        }
        told(true)
        fleet.view.now.addTimeInterval(50)
        told(false, "Unhealthy")
        #expect(fleet.view.members[0].state == .updating && fleet.view.members[0].why == "Unhealthy")
        told(true)
        fleet.view.now.addTimeInterval(50)
        #expect(RolloutPlan(fleet.view).view.members[0].state == .soaking)
        fleet.view.now.addTimeInterval(10)
        told(false, "RolledBack")
        #expect(fleet.view.members[0].state == .failed && fleet.view.rollout.state == .halted)
        told(true)
        #expect(fleet.view.members[0].state == .soaking && fleet.view.rollout.state == .halted)
    }
}
