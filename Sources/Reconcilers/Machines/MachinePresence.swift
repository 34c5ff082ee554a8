extension MachineView {
    /// From a known volume to a machine that exists and is what the row wants.
    func machineStep() -> MachineStep {
        guard memory.machineID != nil else { return absentMachineStep() }
        switch observed.machine {
        case .unknown, .absent:
            return .act(.lookMachine(id: memory.machineID ?? ""))
        case .present(let machine):
            return presentMachineStep(machine)
        }
    }

    private func absentMachineStep() -> MachineStep {
        if memory.machineAskedAt == nil { return .act(.intend(.machine)) }
        if !desired.runs { return machineListing() }
        guard observed.machine == .absent else { return .act(.lookMachines) }
        if observed.tried.contains(.create) {
            return .end(.retry(.startFailed, "the machine vanished right after it was made"))
        }
        switch observed.volume {
        case .unknown: return .act(.lookVolume(id: memory.volumeID ?? ""))
        case .absent: return .end(volumeLost)
        case .present(let volume):
            // A machine that the list does not show yet, or one that is still going away.
            if let holder = volume.attachedTo { return .act(.lookMachine(id: holder)) }
            if let step = sizeStep(volume) { return step }
            return .act(.createMachine(region: volume.region, volume: volume.id))
        }
    }

    private func presentMachineStep(_ machine: MachineSight) -> MachineStep {
        guard machine.isReachable, let shape = machine.shape else { return .end(unreachable(machine)) }
        if machine.state == .destroying {
            return .end(.again(seconds: limits.lookPauseSeconds, progress, "machine \(machine.id) is being destroyed"))
        }
        if let wanted = desired.region, let region = memory.region, wanted != region {
            let text = "the data of this machine lives in \(region); it cannot move to \(wanted)"
            return .end(.blocked(.invalidRegion, text, lookAgainSeconds: nil))
        }
        if machine.volumeID != memory.volumeID { return remountStep(machine) }
        if needsUpdate(machine, shape) { return updateStep(machine) }
        return desired.runs ? runningStep(machine) : stoppedStep(machine)
    }

    func unreachable(_ machine: MachineSight) -> RunEnding {
        .again(
            seconds: limits.patienceSeconds, .hostUnreachable,
            "the host of machine \(machine.id) does not answer; nothing is touched")
    }

    private var volumeLost: RunEnding {
        .blocked(
            .volumeLost, "volume \(memory.volumeID ?? "") is gone, and the data with it; see the runbook",
            lookAgainSeconds: limits.blockedSeconds)
    }

    /// Without its volume a machine is useless, and mounts cannot be changed: it is made anew on the stored volume.
    private func remountStep(_ machine: MachineSight) -> MachineStep {
        switch observed.volume {
        case .unknown: return .act(.lookVolume(id: memory.volumeID ?? ""))
        case .absent: return .end(volumeLost)
        case .present:
            if observed.tried.contains(.deleteMachine) {
                return .end(.again(seconds: limits.lookPauseSeconds, progress, "machine \(machine.id) is going away"))
            }
            return .act(.deleteMachine(id: machine.id))
        }
    }

    /// A version that we proved right is trusted: vendors add fields, and comparing for ever would update for ever.
    private func needsUpdate(_ machine: MachineSight, _ shape: MachineShape) -> Bool {
        if machine.owner != desired.ownerMark { return true }
        if machine.hash != desired.specHash { return followsProfile }
        return machine.instanceID != memory.instanceID && shape != desired.shape
    }

    /// A changed profile reaches machines in batches: the survey raises `profile_generation` of those whose turn it is.
    /// A change of the row itself takes the present profile with it.
    private var followsProfile: Bool {
        memory.profileGeneration == 0 || memory.profileGeneration == desired.profile?.generation
            || memory.observedGeneration != desired.generation
    }

    private func updateStep(_ machine: MachineSight) -> MachineStep {
        if observed.tried.contains(.update) || machine.state == .updating || machine.state == .replacing {
            return .end(.again(seconds: limits.passingSeconds, .updating, "machine \(machine.id) is being replaced"))
        }
        switch observed.volume {
        case .unknown: return .act(.lookVolume(id: memory.volumeID ?? ""))
        case .absent: return .end(volumeLost)
        case .present(let volume):
            return sizeStep(volume) ?? .act(.updateMachine(id: machine.id, version: machine.instanceID))
        }
    }

    private func sizeStep(_ volume: VolumeSight) -> MachineStep? {
        if volume.sizeGB > desired.volumeGB {
            let text = "volume \(volume.id) has \(volume.sizeGB) GB, the row wants \(desired.volumeGB)"
            return .end(.blocked(.volumeCannotShrink, text, lookAgainSeconds: nil))
        }
        if volume.sizeGB < desired.volumeGB {
            if observed.tried.contains(.extend) {
                return .end(.again(seconds: limits.lookPauseSeconds, .updating, "volume \(volume.id) is growing"))
            }
            return .act(.extendVolume(id: volume.id))
        }
        return nil
    }
}
