extension MachineView {
    /// Tombstone → machine gone → volume gone → app gone → row released. Each absence is seen, not assumed.
    func deletion() -> MachineStep {
        if let problem = observed.problem { return .end(ending(of: problem)) }
        if memory.isUntouched { return .end(.released) }
        if let candidate = observed.candidate { return .act(.lookMachine(id: candidate)) }
        if let step = machineRemoval() { return step }
        if let step = volumeRemoval() { return step }
        return appRemoval()
    }

    private func machineRemoval() -> MachineStep? {
        guard let id = memory.machineID else {
            // A lost create may still show up.
            return memory.machineAskedAt == nil ? nil : machineListing()
        }
        guard case .present(let machine) = observed.machine else { return .act(.lookMachine(id: id)) }
        if !machine.isReachable { return .end(unreachable(machine)) }
        if machine.state == .destroying || observed.tried.contains(.deleteMachine) {
            return .end(.again(seconds: limits.passingSeconds, .deleting, "machine \(id) is going away"))
        }
        return .act(.deleteMachine(id: id))
    }

    private func volumeRemoval() -> MachineStep? {
        guard let id = memory.volumeID else {
            return memory.volumeAskedAt == nil ? nil : volumeListing()
        }
        guard case .present = observed.volume else { return .act(.lookVolume(id: id)) }
        return volumeRemovalStep(id)
    }

    private func appRemoval() -> MachineStep {
        guard let profile = desired.profile else {
            let text =
                "profile \"\(desired.profileName)\" is gone, so it is not known whether app"
                + " \(memory.app ?? "") is this user's own: add the profile again"
            return .end(.blocked(.unknownProfile, text, lookAgainSeconds: nil))
        }
        if profile.appMode == .shared { return .end(.released) }
        switch observed.app {
        case .unknown: return .act(.lookApp)
        case .absent: return .end(.released)
        case .present:
            if observed.tried.contains(.deleteApp) {
                return .end(.again(seconds: limits.passingSeconds, .deleting, "app \(memory.app ?? "") is going away"))
            }
            return .act(.deleteApp)
        }
    }
}
