import Foundation
import Support
import Testing

@testable import Reconcilers

/// Plans are judged by what they do to a model of a droplet, over many generated lives of one row.
@Suite struct ContainerWorldTests {
    struct Life {
        var desired: DesiredContainer
        /// As the database has it.
        var memory = ContainerMemory()
        var status = ContainerStatus(word: "provisioning", observedGeneration: 0)
        var world: ModelDroplet
        var ending: RunEnding?

        init(seed: UInt64) {
            world = ModelDroplet(dice: Seed(value: seed))
            desired = DesiredContainer(
                kind: "pa", id: UUID(), name: "pa-ada", droplet: "fleet-alpha", generation: 1, runs: true,
                isDeleting: false, shape: ContainerShape(image: "image:1"))
            if seed % 4 != 0 { desired.data = DataFolder(path: "/data/ada", pathInside: "/home/node/.openclaw") }
        }

        mutating func roll(_ sides: UInt64) -> UInt64 { world.dice.roll(sides) }

        /// One run of the daemon; after so many steps it dies, and with it what it did not store.
        mutating func run(crashAfter: Int = .max) {
            let now = Date(timeIntervalSince1970: world.now)
            var view = ContainerView(desired: desired, memory: memory, status: status, now: now)
            view.hasFiles = true
            view.hasChecklist = true
            view.begin()
            for step in 0..<100 {
                view.now = Date(timeIntervalSince1970: world.now)
                switch view.next() {
                case .end(let end):
                    guard step < crashAfter else { return }
                    let report = ContainerReport(view, end)
                    (memory, status, ending) = (report.memory, report.status, end)
                    if case .again(let seconds, _, _) = end { world.now += seconds } else { world.now += 5 }
                    if end == .released { world.isDeleted = true }
                    return
                case .act(let action):
                    if action.isMutation { memory = view.memory }
                    guard step < crashAfter else { return }
                    view.fold(action, world.perform(action, view))
                }
            }
            world.violations.append("a run without an end")
        }

        /// Runs until nothing changes any more.
        mutating func calm() -> Bool {
            world.faultRate = 0
            for _ in 0..<200 {
                let before = world.mutations
                run()
                switch ending {
                case .settled?, .released?, .blocked?:
                    // A checklist and files are the dice's.
                    if world.mutations - before <= 3, world.boxes.filter(\.isOurs).count <= 1 { return true }
                default: break
                }
            }
            return false
        }

        mutating func struggle() {
            world.faultRate = 2 + roll(6)
            for _ in 0..<(3 + roll(12)) where !world.isDeleted {
                run(crashAfter: roll(2) == 0 ? Int(roll(30)) : .max)
            }
        }

        mutating func changeRow() {
            desired.generation += 1
            switch roll(5) {
            case 0: desired.runs.toggle()
            case 1: desired.shape.image = "image:\(1 + roll(4))"
            case 2:
                desired.shape.image = "broken:\(roll(3))"
                world.brokenHashes.insert(desired.specHash)
            case 3: desired.restartRequestedAt = Date(timeIntervalSince1970: world.now)
            default: desired.shape.image = "image:1"
            }
        }

        /// What people do on a droplet.
        mutating func meddle() {
            guard let index = world.boxes.indices.last else { return }
            switch roll(6) {
            case 0: world.boxes[index].sight.name = "mine"
            case 1: world.boxes[index].sight.drift = "memory limit"
            case 2 where world.boxes[index].sight.holdsPort: world.boxes[index].sight.state = .exited
            case 3 where world.boxes[index].sight.name == "pa-ada": memory.containerID = nil
            case 4 where world.boxes[index].sight.state == .running: world.boxes[index].sight.state = .paused
            default: break
            }
        }
    }

    @Test func everyLifeComesToItsEndAndLosesNothing() {
        let seed = Seed()
        for number in 0..<3000 {
            var life = Life(seed: seed.value &+ UInt64(number))
            for _ in 0..<(1 + life.roll(4)) {
                life.struggle()
                if life.roll(3) == 0 { life.meddle() }
                if life.roll(2) == 0 { life.changeRow() }
            }
            expectEnd(&life, "seed \(seed.value) + \(number)")
        }
    }

    private func expectEnd(_ life: inout Life, _ name: String) {
        let isCalm = life.calm()
        let names = life.world.boxes.map { "\($0.sight.name) \($0.sight.state) \($0.sight.hash)" }
        #expect(life.world.violations.isEmpty, "\(name): \(life.world.violations)")
        let broken = life.world.brokenHashes.contains(life.desired.specHash)
        let hasNothing = broken && life.memory.containerID == nil
        #expect(isCalm || hasNothing, "\(name): \(String(describing: life.ending)), \(names)")
        guard isCalm else { return }
        let running = life.world.boxes.filter(\.sight.holdsPort).count
        if life.desired.runs {
            #expect(life.world.boxes.map(\.sight.name) == ["pa-ada"], "\(name): \(names)")
            #expect(running == 1, "\(name): \(names)")
        } else {
            #expect(running == 0, "\(name): \(names)")
        }
        if life.desired.runs, !broken {
            #expect(life.ending == .settled(.running), "\(name): \(String(describing: life.ending))")
        }
        life.desired.isDeleting = true
        let isDeleted = life.calm()
        #expect(isDeleted && life.ending == .released && life.world.boxes.isEmpty, "\(name): not deleted")
    }

    @Test func whoTookOverIsRenamedBeforeTheNextIsMade() {
        var life = Life(seed: 3)
        let isCalm = life.calm()
        life.world.boxes[0].sight.name = "pa-ada.next"
        life.desired.shape.image = "image:2"
        life.desired.generation += 1
        let isCalmAgain = life.calm()
        #expect(isCalm && isCalmAgain && life.ending == .settled(.running))
        #expect(life.world.boxes.map(\.sight.name) == ["pa-ada"] && life.world.violations.isEmpty)
    }

    @Test func aForeignContainerIsNeverTouched() {
        for name in ["pa-ada", "pa-ada.next", "pa-ada.old"] {
            var life = Life(seed: 3)
            let isCalm = life.calm()
            #expect(isCalm)
            life.world.boxes.removeAll { $0.sight.name == name }
            let sight = ContainerSight(id: "f", name: name, epoch: 1, hash: life.desired.specHash, state: .running)
            life.world.boxes.append(.init(sight: sight, isOurs: false))
            let before = life.world.boxes
            life.changeRow()
            life.run()
            guard case .blocked(.foreignContainer, let text, _)? = life.ending else {
                Issue.record("\(name): \(String(describing: life.ending))")
                continue
            }
            #expect(text.contains(name) && life.world.boxes == before)
        }
    }

    @Test func aDataFolderThatWasMadeIsNeverMadeAgain() {
        var life = Life(seed: 1)
        let isCalm = life.calm()
        #expect(isCalm && life.world.hasData)
        life.world.hasData = false
        life.desired.shape.image = "image:2"
        life.desired.generation += 1
        for _ in 0..<5 { life.run() }
        guard case .blocked(.dataMissing, let text, _)? = life.ending else {
            Issue.record("\(String(describing: life.ending))")
            return
        }
        #expect(text.contains("/data/ada") && !life.world.hasData)
        #expect(life.world.boxes.map(\.sight.state) == [.running])
    }
}
