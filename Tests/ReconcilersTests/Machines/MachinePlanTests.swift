import Foundation
import Testing

@testable import Reconcilers

/// Decisions, one by one.
@Suite struct MachinePlanTests {
    static let now = Date(timeIntervalSince1970: 2_000_000)

    /// A machine that runs and is right.
    static func running(_ change: (inout MachineView) -> Void = { _ in }) -> MachineView {
        let desired = ModelDesired.make(.perUser)
        var memory = MachineMemory()
        memory.observedGeneration = desired.generation
        memory.profileGeneration = 1
        memory.status = "running"
        memory.app = "automna-u-abc"
        memory.machineName = "gateway-abc"
        memory.volumeName = "data_abc"
        memory.appReady = true
        memory.volumeID = "v1"
        memory.machineID = "m1"
        memory.machineAskedAt = now
        memory.instanceID = "i1"
        memory.region = "iad"
        memory.specHash = desired.specHash
        memory.runningAt = now
        var view = MachineView(desired: desired, memory: memory, now: now)
        view.observed.machine = .present(
            MachineSight(
                id: "m1", name: "gateway-abc", state: .started, instanceID: "i1", region: "iad",
                owner: desired.ownerMark, hash: desired.specHash, volumeID: "v1", shape: desired.shape,
                isReachable: true, health: .passing))
        change(&view)
        view.desired.prepare()
        return view
    }

    static func see(_ view: inout MachineView, _ change: (inout MachineSight) -> Void) {
        guard var machine = view.observed.machine.thing else { return }
        change(&machine)
        view.observed.machine = .present(machine)
    }

    @Test func aNewMachineIsMadeInFiveCallsAndAWait() {
        var view = MachineView(desired: ModelDesired.make(.perUser), memory: MachineMemory(), now: Self.now)
        view.begin()
        let plan = MachinePlan(view)
        let calls = plan.actions.filter { if case .intend = $0 { false } else { true } }
        #expect(
            calls.map(\.description) == [
                "create app", "allocate address shared_v4", "allocate address v6", "create volume in iad",
                "create machine in iad on (new)", "await machine (new) started",
            ])
    }

    @Test func aProvenSharedAppIsNotAskedFor() {
        var desired = ModelDesired.make(.shared)
        desired.appIsProven = true
        var view = MachineView(desired: desired, memory: MachineMemory(), now: Self.now)
        view.begin()
        #expect(MachinePlan(view).actions.first == .intend(.volume))
        #expect(view.memory.machineName == "gateway-abc")
    }

    @Test func whatIsRightIsLeftAlone() {
        #expect(Self.running().next() == .end(.settled(.running)))
    }

    @Test func anUnreachableHostFreezesEvenDeletion() {
        for isDeleting in [false, true] {
            let view = Self.running { view in
                view.desired.isDeleting = isDeleting
                Self.see(&view) {
                    $0.isReachable = false
                    $0.shape = nil
                }
            }
            #expect(view.next().reason == .hostUnreachable)
        }
    }

    @Test func aFrozenFleetCreatesAndDeletesNothingButStarts() {
        let deletion = Self.running {
            $0.desired.isDeleting = true
            $0.desired.isFleetFrozen = true
        }
        #expect(deletion.next().reason == .frozen)
        let stopped = Self.running { view in
            view.desired.isFleetFrozen = true
            Self.see(&view) { $0.state = .stopped }
        }
        #expect(stopped.next() == .act(.startMachine(id: "m1")))
    }

    @Test func aChangedProfileWaitsForItsTurnButNotForTheRowsOwnChange() {
        func changed(_ change: (inout MachineView) -> Void) -> MachineStep {
            Self.running { view in
                view.desired.profile?.generation = 2
                view.desired.image = "img:9"
                view.observed.volume = .present(VolumeSight(id: "v1", sizeGB: 1, region: "iad", attachedTo: "m1"))
                change(&view)
            }.next()
        }
        let update = MachineStep.act(.updateMachine(id: "m1", version: "i1"))
        #expect(changed { _ in } == .end(.settled(.running)))
        #expect(changed { $0.memory.profileGeneration = 2 } == update)
        #expect(changed { $0.desired.generation = 2 } == update)
    }

    @Test func aVersionThatWasProvenRightIsTrustedWhateverTheVendorAdds() {
        let view = Self.running { view in Self.see(&view) { $0.shape?.handlers = ["tls", "http", "extra"] } }
        #expect(view.next() == .end(.settled(.running)))
        let edited = Self.running { view in
            Self.see(&view) {
                $0.shape?.image = "edited:1"
                $0.instanceID = "i2"
            }
        }
        #expect(edited.next() == .act(.lookVolume(id: "v1")))
    }

    @Test func aVolumeOnlyGrows() {
        func sized(_ size: Int) -> MachineStep {
            Self.running { view in
                view.desired.volumeGB = 5
                view.observed.volume = .present(VolumeSight(id: "v1", sizeGB: size, region: "iad", attachedTo: "m1"))
            }.next()
        }
        #expect(sized(1) == .act(.extendVolume(id: "v1")))
        #expect(sized(5) == .act(.updateMachine(id: "m1", version: "i1")))
        #expect(sized(9).reason == .volumeCannotShrink)
    }

    @Test func aLostVolumeIsNotReplacedByAnEmptyOne() {
        var view = Self.running()
        view.fold(.lookMachine(id: "m1"), .failed(.notFound))
        view.fold(.intend(.machine), .done)
        view.fold(.lookVolume(id: "v1"), .failed(.notFound))
        #expect(view.next().reason == .volumeLost)
    }

    @Test func aForeignMachineOfOurNameIsLeftAlone() {
        var view = Self.running()
        view.memory.machineID = nil
        var stranger = view.observed.machine.thing!
        stranger.owner = nil
        view.observed.machine = .unknown
        view.fold(.lookMachines, .machines([stranger]))
        #expect(view.next().reason == .foreignMachine)
    }
}

extension MachineStep {
    /// Why a run ends.
    var reason: Reason? {
        if case .end(let ending) = self { ending.words.0 } else { nil }
    }
}
