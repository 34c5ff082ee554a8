import Foundation
import Support
import Testing

@testable import Reconcilers

/// A roll-out simulated to its end, with machines that take their time or break.
@Suite struct SurveyRolloutTests {
    struct Fleet {
        enum State { case behind, behindBroken, moving, moved, failed }
        var machines: [(id: UUID, state: State)]

        func progress() -> RolloutProgress {
            var progress = RolloutProgress(profile: "p", generation: 2)
            progress.total = machines.count
            for machine in machines {
                switch machine.state {
                case .behind: progress.pending.append(machine.id)
                case .behindBroken: progress.pendingBroken.append(machine.id)
                case .moving: progress.unready += 1
                case .moved: progress.ready += 1
                case .failed: progress.failed.append(machine.id)
                }
            }
            return progress
        }

        mutating func letThrough(_ ids: [UUID]) {
            for index in machines.indices where ids.contains(machines[index].id) { machines[index].state = .moving }
        }
    }

    static let share = SurveySettings().blastRadius

    @Test func aGoodProfileReachesEveryMachineInBatches() {
        var seed = Seed()
        for _ in 0..<100 {
            let size = Int.random(in: 1...120, using: &seed)
            var fleet = Fleet(
                machines: (0..<size).map { _ in
                    (
                        SurveyDecisionTests.random(&seed),
                        Int.random(in: 0..<10, using: &seed) == 0 ? .behindBroken : .behind
                    )
                })
            var rounds = 0
            var batches: [Int] = []
            rollout: while rounds < 2000 {
                rounds += 1
                let step = RolloutStep.next(fleet.progress(), share: Self.share)
                switch step {
                case .done: break rollout
                case .halt: Issue.record("nothing failed")
                case .wait: break
                case .letThrough(let ids):
                    #expect(!fleet.machines.contains { $0.state == .moving }, "one batch at a time")
                    let isLast = fleet.progress().pending.isEmpty
                    if !isLast { batches.append(ids.count) }
                    fleet.letThrough(ids)
                }
                for index in fleet.machines.indices
                where fleet.machines[index].state == .moving && Bool.random(using: &seed) {
                    fleet.machines[index].state = .moved
                }
            }
            #expect(fleet.machines.allSatisfy { $0.state == .moved })
            #expect(batches.first ?? 1 == 1, "a canary goes first")
            #expect(batches.allSatisfy { $0 <= Self.share.of(size) })
        }
    }

    @Test func aBadProfileStopsAtTheCanary() {
        var seed = Seed()
        var fleet = Fleet(machines: (0..<50).map { _ in (SurveyDecisionTests.random(&seed), .behind) })
        for _ in 0..<20 {
            let step = RolloutStep.next(fleet.progress(), share: Self.share)
            if case .letThrough(let ids) = step { fleet.letThrough(ids) }
            for index in fleet.machines.indices where fleet.machines[index].state == .moving {
                fleet.machines[index].state = .failed
            }
        }
        #expect(fleet.machines.filter { $0.state == .failed }.count == 1)
        #expect(
            RolloutStep.next(fleet.progress(), share: Self.share)
                == .halt(because: fleet.progress().failed[0]))
    }

    @Test func theConditionTellsHowFarItIs() {
        var progress = RolloutProgress(profile: "molt", generation: 7)
        #expect(progress.condition(after: .done).status == .yes)
        progress.total = 5
        progress.pending = [UUID(), UUID()]
        let moving = progress.condition(after: .wait)
        #expect(moving.reason == .rollingOut && moving.key == "profile/molt" && moving.message.contains("2 of 5"))
        let broken = UUID()
        let halted = progress.condition(after: .halt(because: broken))
        #expect(halted.reason == .rolloutHalted && halted.message.contains(broken.uuidString.lowercased()))
    }
}
