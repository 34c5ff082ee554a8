import Foundation

@testable import Reconcilers

extension ModelWorld {
    mutating func answer(_ action: MachineAction, _ view: MachineView) -> MachineResult {
        switch action {
        case .intend: .done
        case .lookApp, .lookAddresses, .createApp, .allocateAddress, .deleteApp: appAnswer(action, view)
        case .lookVolume, .lookVolumes, .createVolume, .extendVolume, .deleteVolume: volumeAnswer(action, view)
        case .lookMachine, .lookMachines, .createMachine: machineAnswer(action, view)
        case .updateMachine(let id, let version): change(id) { $0.update(version, view.desired, view.memory) }
        case .startMachine(let id): change(id) { $0.start() }
        case .stopMachine(let id): change(id) { $0.stop() }
        case .restartMachine(let id, _): change(id) { $0.restart() }
        case .awaitMachine(let id, _, let state): wait(id, state)
        case .deleteMachine(let id): delete(id)
        }
    }

    private mutating func appAnswer(_ action: MachineAction, _ view: MachineView) -> MachineResult {
        switch action {
        case .createApp:
            if hasApp { return .failed(.nameTaken("taken")) }
            hasApp = true
            return .done
        case _ where !hasApp: return .failed(.notFound)
        case .lookApp: return .app(AppSight(network: view.desired.profile?.network ?? ""))
        case .lookAddresses: return .addresses(addresses)
        case .allocateAddress(let kind):
            addresses.insert(kind)
            return .done
        default:
            if !liveMachines.isEmpty { violations.append("the app went before its machine") }
            hasApp = false
            return .done
        }
    }

    private mutating func volumeAnswer(_ action: MachineAction, _ view: MachineView) -> MachineResult {
        guard hasApp else { return .failed(.notFound) }
        switch action {
        case .lookVolumes:
            let listed = liveVolumes.filter { $0.listedAt <= now }
            return .volumes(listed.map(sight), total: listed.count)
        case .createVolume(let region):
            if fullRegions.contains(region) { return .failed(.regionFull("no host")) }
            let lag = Double(dice.roll(9))
            volumes.append(
                Volume(id: newID(), region: region, sizeGB: view.desired.volumeGB, listedAt: now + lag))
            if liveVolumes.count > 1 { violations.append("a second volume") }
            return .volume(sight(volumes[volumes.count - 1]))
        case .lookVolume(let id), .deleteVolume(let id), .extendVolume(let id):
            guard let index = volumes.firstIndex(where: { "v\($0.id)" == id && !$0.isGone }) else {
                return .failed(.notFound)
            }
            if case .extendVolume = action { volumes[index].sizeGB = view.desired.volumeGB }
            if case .deleteVolume = action {
                if volumes[index].machine != nil { return .failed(.busy("attached")) }
                volumes[index].isGone = true
                return .done
            }
            return .volume(sight(volumes[index]))
        default: return .done
        }
    }

    func sight(_ volume: Volume) -> VolumeSight {
        VolumeSight(
            id: "v\(volume.id)", sizeGB: volume.sizeGB, region: volume.region,
            attachedTo: volume.machine.map { "m\($0)" })
    }

    private mutating func machineAnswer(_ action: MachineAction, _ view: MachineView) -> MachineResult {
        guard hasApp else { return .failed(.notFound) }
        switch action {
        case .lookMachine(let id):
            guard let machine = machines.first(where: { "m\($0.id)" == id && !$0.isGone }) else {
                return .failed(.notFound)
            }
            return .machine(sight(machine))
        case .lookMachines:
            return .machines(liveMachines.filter { $0.listedAt <= now }.map(sight))
        case .createMachine(let region, let volumeID):
            return createMachine(region, volumeID, view.desired)
        default: return .done
        }
    }

    private mutating func createMachine(
        _ region: String, _ volumeID: String, _ desired: DesiredMachine
    ) -> MachineResult {
        if let machine = liveMachines.first { return .failed(.machineExists(id: "m\(machine.id)")) }
        guard let index = volumes.firstIndex(where: { "v\($0.id)" == volumeID && !$0.isGone }) else {
            return .failed(.notFound)
        }
        if volumes[index].region != region { violations.append("a machine away from its volume") }
        if fullRegions.contains("host-\(region)") { return .failed(.hostFull("full")) }
        let id = newID()
        let lag = Double(dice.roll(9))
        volumes[index].machine = id
        volumes[index].holdsData = true
        machines.append(
            Machine(
                id: id, version: newID(), state: .starting, owner: desired.ownerMark, hash: desired.specHash,
                shape: desired.shape!, volume: volumes[index].id, listedAt: now + lag))
        return .machine(sight(machines[machines.count - 1]))
    }

    func sight(_ machine: Machine) -> MachineSight {
        MachineSight(
            id: "m\(machine.id)", name: "gateway", state: machine.state, instanceID: "i\(machine.version)",
            region: "iad", owner: isUnreachable ? nil : machine.owner, hash: isUnreachable ? nil : machine.hash,
            volumeID: isUnreachable ? nil : machine.volume.map { "v\($0)" },
            shape: isUnreachable ? nil : machine.shape, isReachable: !isUnreachable, health: machine.health)
    }

    private mutating func change(_ id: String, _ body: (inout Machine) -> Problem?) -> MachineResult {
        guard let index = machines.firstIndex(where: { "m\($0.id)" == id && !$0.isGone }) else {
            return .failed(.notFound)
        }
        if let problem = body(&machines[index]) { return .failed(problem) }
        return .machine(sight(machines[index]))
    }

    private mutating func wait(_ id: String, _ state: MachineAction.AwaitedState) -> MachineResult {
        change(id) { machine in
            switch (state, machine.state) {
            case (.started, .starting), (.started, .started), (.started, .restarting), (.started, .replacing):
                machine.state = .started
                return nil
            case (.stopped, .stopping), (.stopped, .stopped):
                machine.state = .stopped
                return nil
            case (.settled, .starting), (.settled, .restarting), (.settled, .replacing):
                machine.state = .started
                return nil
            case (.settled, _): return nil
            default: return .busy("deadline exceeded")
            }
        }
    }

    private mutating func delete(_ id: String) -> MachineResult {
        guard let index = machines.firstIndex(where: { "m\($0.id)" == id && !$0.isGone }) else {
            return .failed(.notFound)
        }
        machines[index].isGone = true
        for volume in volumes.indices where volumes[volume].machine == machines[index].id {
            volumes[volume].machine = nil
        }
        return .done
    }
}

extension ModelWorld.Machine {
    fileprivate mutating func update(
        _ version: String, _ desired: DesiredMachine, _ memory: MachineMemory
    ) -> Problem? {
        guard version == "i\(self.version)" else { return .versionConflict }
        self.version += 1_000_000
        shape = desired.shape!
        hash = desired.specHash
        owner = desired.ownerMark
        // A machine that was not started stays stopped under its new version.
        state = state == .started || state == .starting ? .replacing : .stopped
        health = .passing
        return nil
    }

    fileprivate mutating func start() -> Problem? {
        if state == .replacing { return .busy("getting replaced") }
        state = .starting
        return nil
    }

    fileprivate mutating func stop() -> Problem? {
        if state == .starting { return .busy("starting") }
        state = .stopping
        return nil
    }

    fileprivate mutating func restart() -> Problem? {
        state = .restarting
        health = .passing
        return nil
    }
}
