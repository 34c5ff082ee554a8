import Foundation
import Support
import Testing

@testable import Reconcilers

/// Plans are judged by what they do to a model of the vendor, over many generated lives of one row.
@Suite struct MachineWorldTests {
    /// A life: provisioned through faults and crashes, disturbed, changed, and perhaps deleted.
    struct Life {
        var row: ModelRow
        var world: ModelWorld

        init(seed: UInt64) {
            var dice = Seed(value: seed)
            row = ModelRow(desired: ModelDesired.templates[Int(dice.roll(6))])
            world = ModelWorld(dice: dice)
        }

        mutating func roll(_ sides: UInt64) -> UInt64 { world.dice.roll(sides) }

        /// Runs with faults and crashes.
        mutating func struggle(runs: Int) {
            world.faultRate = 3 + roll(8)
            for _ in 0..<runs {
                let crash = roll(3) == 0 ? Int(roll(12)) : .max
                row.run(in: &world, crashAfter: crash)
                if crash != .max { world.now += 10 }
                if row.isReleased { break }
            }
            world.faultRate = 0
        }

        mutating func disturb() {
            guard let index = world.machines.indices.last, !world.machines[index].isGone else { return }
            switch roll(7) {
            case 0: world.machines[index].state = .stopped
            case 1:
                detach(index)
                world.machines[index].isGone = true
            case 2:
                world.machines[index].shape.image = "edited:1"
                world.machines[index].version += 1
            case 3:
                detach(index)
                world.machines[index].volume = nil
            case 4: world.machines[index].health = .critical
            case 5: world.machines[index].state = .failed
            default: break
            }
        }

        private mutating func detach(_ machine: Int) {
            for volume in world.volumes.indices where world.volumes[volume].machine == world.machines[machine].id {
                world.volumes[volume].machine = nil
            }
        }

        mutating func changeRow() {
            row.desired.generation += 1
            switch roll(6) {
            case 0: row.desired.runs.toggle()
            case 1: row.desired.image = "img:\(roll(3) + 4)"
            case 2: row.desired.volumeGB += 1
            case 3: row.desired.restartRequestedAt = row.date(world.now)
            case 4: row.desired.isDeleting = true
            default: break
            }
            row.desired.prepare()
        }
    }

    @Test func everyLifeConverges() async throws {
        let seed = Seed().value
        let worlds: UInt64 = 100_000
        print("planner: \(worlds) generated worlds")
        let failures = await withTaskGroup(of: [String].self) { group in
            for part in 0..<4 as Range<UInt64> {
                group.addTask {
                    var failures: [String] = []
                    for number in 0..<(worlds / 4) where failures.count < 5 {
                        let life = seed &+ (part << 40) &+ number
                        if let failure = Self.live(life) { failures.append("life \(life): \(failure)") }
                    }
                    return failures
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(failures.isEmpty, "\(failures.prefix(5).joined(separator: "\n"))")
    }

    /// What went wrong in one life, if anything.
    static func live(_ seed: UInt64) -> String? {
        var life = Life(seed: seed)
        if life.roll(4) == 0 { life.world.fullRegions = ["iad"] }
        if life.roll(6) == 0 { life.world.fullRegions.insert("host-iad") }
        if life.row.desired.profile?.appMode == .shared, life.roll(2) == 0 {
            life.world.hasApp = true
            life.world.addresses = ["shared_v4", "v6"]
        }
        life.struggle(runs: 2)
        if life.roll(5) == 0 {
            life.world.isFrozen = life.roll(2) == 0
            life.world.isUnreachable = !life.world.isFrozen
            life.struggle(runs: 2)
            life.world.isFrozen = false
            life.world.isUnreachable = false
        }
        if life.roll(2) == 0 { life.disturb() }
        if life.roll(2) == 0 { life.changeRow() }
        if life.roll(3) > 0 { life.struggle(runs: 1) }
        guard life.row.isReleased || life.row.converge(in: &life.world, runs: 40) else {
            return "does not converge: \(String(describing: life.row.ending)) \(life.world.violations)"
        }
        return life.world.violations.first ?? verdict(&life)
    }

    /// The end state, seen from the vendor's side, and that nothing moves any more.
    static func verdict(_ life: inout Life) -> String? {
        let machines = life.world.liveMachines
        let volumes = life.world.liveVolumes
        if life.row.isReleased {
            let leaksApp = life.world.hasApp && life.row.desired.profile?.appMode == .perUser
            return machines.isEmpty && volumes.isEmpty && !leaksApp ? nil : "released, but something is left"
        }
        if volumes.count > 1 || machines.count > 1 { return "\(volumes.count) volumes, \(machines.count) machines" }
        if life.row.desired.runs {
            guard let machine = machines.first, machine.state == .started, machine.health == .passing else {
                return "settled, but nothing runs: \(machines)"
            }
            if machine.shape != life.row.desired.shape { return "settled with the wrong shape" }
            if machine.volume != volumes.first?.id { return "settled without its volume" }
            if volumes.first?.sizeGB != life.row.desired.volumeGB { return "settled with the wrong size" }
        } else if machines.contains(where: { $0.state == .started }) {
            return "settled stopped, but it runs"
        }
        let before = life.world.mutations
        for _ in 0..<2 { life.row.run(in: &life.world) }
        return life.world.mutations == before ? nil : "moves although settled"
    }
}
