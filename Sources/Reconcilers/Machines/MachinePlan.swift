/// The actions that would close the gap, as far as they can be foreseen: up to the first look, whose answer decides.
struct MachinePlan: Sendable, Equatable {
    var actions: [MachineAction] = []
    /// Nil when the plan ends with a look.
    var ending: RunEnding?

    /// Foresees by assuming that every call does what it is for.
    init(_ view: MachineView) {
        var view = view
        for _ in 0..<30 {
            switch view.next() {
            case .end(let ending):
                self.ending = ending
                return
            case .act(let action):
                actions.append(action)
                guard let result = view.expected(action) else { return }
                view.fold(action, result)
            }
        }
    }
}

extension MachineView {
    /// What an action brings when all goes well; nil for looks, which may show anything.
    fileprivate func expected(_ action: MachineAction) -> MachineResult? {
        switch action {
        case .lookApp, .lookAddresses, .lookVolume, .lookVolumes, .lookMachine, .lookMachines, .awaitMachine: nil
        case .intend, .createApp, .allocateAddress, .startMachine, .stopMachine, .restartMachine, .deleteMachine,
            .deleteVolume, .deleteApp:
            .done
        case .createVolume(let region):
            .volume(VolumeSight(id: "(new)", sizeGB: desired.volumeGB, region: region))
        case .extendVolume(let id):
            .volume(VolumeSight(id: id, sizeGB: desired.volumeGB, region: memory.region ?? ""))
        case .createMachine, .updateMachine:
            .machine(
                MachineSight(
                    id: memory.machineID ?? "(new)", name: memory.machineName ?? "", state: .starting,
                    instanceID: "(new)", region: memory.region ?? "", owner: desired.ownerMark,
                    hash: desired.specHash, volumeID: memory.volumeID, shape: desired.shape, isReachable: true,
                    health: .pending))
        }
    }
}
