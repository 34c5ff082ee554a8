import FoundationEssentials

extension MachineView {
    /// Learns from the result of an action. Pure; the shell stores the changed memory before the next mutation.
    mutating func fold(_ action: MachineAction, _ result: MachineResult) {
        if case .failed(let problem) = result {
            foldFailure(action, problem)
            return
        }
        switch action {
        case .intend(let intent): foldIntent(intent)
        case .lookApp, .createApp, .lookAddresses, .allocateAddress, .deleteApp: foldApp(action, result)
        case .lookVolume, .lookVolumes, .createVolume, .extendVolume, .deleteVolume: foldVolume(action, result)
        case .lookMachine, .lookMachines: foldSight(result)
        case .createMachine, .updateMachine, .startMachine, .stopMachine, .restartMachine, .awaitMachine,
            .deleteMachine:
            foldMachine(action, result)
        }
    }

    private mutating func foldIntent(_ intent: MachineAction.Intent) {
        switch intent {
        case .names:
            guard let profile = desired.profile else { return }
            memory.app = profile.app
            memory.machineName = profile.machineName
            memory.volumeName = profile.volumeName
            // A first try needs no look: app names are unique, a taken one is refused. A shared app mostly exists.
            observed.app = profile.appMode == .perUser ? .absent : .unknown
            if profile.appMode == .perUser { memory.appAskedAt = now }
        case .app:
            memory.appAskedAt = now
            // Another machine may have made them, and have left the intent, since the look.
            observed.addresses = .unknown
        case .volume:
            memory.volumeAskedAt = now
            memory.volumeLooks = 0
            observed.volume = .absent
        case .machine:
            memory.machineAskedAt = now
            memory.machineLooks = 0
            observed.machine = .absent
            observed.tried.insert(.firstAsk)
        case .repair:
            memory.repairs += 1
            memory.repairsSince = memory.repairsSince ?? now
            memory.unhealthySince = now
            observed.tried.insert(.repair)
        }
    }

    private mutating func foldApp(_ action: MachineAction, _ result: MachineResult) {
        switch (action, result) {
        case (.createApp, _):
            observed.app = .present(AppSight(network: desired.profile?.network ?? ""))
            observed.addresses = .present([])
        case (_, .app(let app)):
            observed.app = .present(app)
        case (_, .addresses(let kinds)):
            observed.addresses = .present(kinds)
        case (.allocateAddress(let kind), _):
            observed.addresses = .present((observed.addresses.thing ?? []).union([kind]))
        case (.deleteApp, _):
            observed.app = .unknown
            observed.tried.insert(.deleteApp)
        default:
            break
        }
        noteReadyApp()
    }

    private mutating func noteReadyApp() {
        guard case .present(let app) = observed.app, case .present(let kinds) = observed.addresses,
            let profile = desired.profile, profile.network == nil || profile.network == app.network
        else { return }
        memory.appReady = memory.appReady || kinds.isSuperset(of: profile.addresses)
        if memory.appReady { memory.appAskedAt = nil }
    }

    private mutating func foldVolume(_ action: MachineAction, _ result: MachineResult) {
        switch (action, result) {
        case (.lookVolumes, .volumes(let volumes, let total)):
            observed.tried.insert(.listVolumes)
            if let volume = volumes.first(where: { $0.attachedTo == nil }) ?? volumes.first {
                adopt(volume)
            } else if total > 0 || !desired.hasSiblings {
                noteFruitlessVolumeLook()
            }
        case (.createVolume, .volume(let volume)):
            adopt(volume)
        case (_, .volume(let volume)):
            observed.volume = .present(volume)
            if case .extendVolume = action { observed.tried.insert(.extend) }
        case (.deleteVolume, _):
            observed.volume = .unknown
            observed.tried.insert(.deleteVolume)
        default:
            break
        }
    }

    private mutating func adopt(_ volume: VolumeSight) {
        observed.volume = .present(volume)
        memory.volumeID = volume.id
        memory.region = volume.region
        memory.volumeLooks = 0
    }

    private mutating func noteFruitlessVolumeLook() {
        memory.volumeLooks += 1
        // Nobody waits for it any more: the intent ends.
        if desired.isDeleting, memory.volumeLooks >= 2 { memory.volumeAskedAt = nil }
    }
}
