import Vendors

/// Fly's objects as the planner sees them.
extension MachineSight {
    init(_ machine: FlyMachine) {
        self.init(
            id: machine.id, name: machine.name ?? "", state: State(vendor: machine.state),
            instanceID: machine.instanceID ?? "", region: machine.region ?? "",
            owner: machine.config?.metadata?[FlyMark.owner], hash: machine.config?.metadata?[FlyMark.hash],
            volumeID: machine.config?.mounts?.first?.volume, shape: machine.config.map(MachineConfig.shape),
            isReachable: machine.hostStatus.map { $0 == "ok" } ?? true, health: Health(vendor: machine.checks),
            startMark: machine.events?.filter { $0.type == "start" }.compactMap(\.timestamp).max() ?? 0,
            failure: machine.failureText)
    }
}

extension MachineSight.State {
    init(vendor: String?) {
        switch vendor ?? "" {
        case "launch_failed": self = .failed
        case "destroyed": self = .destroying
        case let text: self = MachineSight.State(rawValue: text) ?? .other
        }
    }
}

extension MachineSight.Health {
    /// One failing check is enough; no result yet is neither good nor bad.
    init(vendor checks: [FlyCheckStatus]?) {
        let states = (checks ?? []).map { $0.status ?? "" }
        if states.contains("critical") {
            self = .critical
        } else {
            self = !states.isEmpty && states.allSatisfy { $0 == "passing" } ? .passing : .pending
        }
    }
}

extension FlyMachine {
    /// The newest event that tells of an end, without any output of the assistant.
    fileprivate var failureText: String? {
        guard let event = events?.first(where: { $0.request?.exitEvent != nil || $0.status?.contains("fail") == true })
        else { return nil }
        var words = [event.type, event.status].compactMap { $0 }
        if let exit = event.request?.exitEvent {
            if let code = exit.guestExitCode ?? exit.exitCode { words.append("exit code \(code)") }
            if exit.oomKilled == true { words.append("out of memory") }
        }
        return words.joined(separator: ", ")
    }
}

extension VolumeSight {
    init(_ volume: FlyVolume) {
        self.init(
            id: volume.id, sizeGB: volume.sizeGB ?? 0, region: volume.region ?? "",
            attachedTo: volume.attachedMachineID.flatMap { $0.isEmpty ? nil : $0 })
    }
}
