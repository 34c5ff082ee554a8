import FoundationEssentials

extension MachineView {
    /// A machine that is right in shape, towards started and healthy.
    func runningStep(_ machine: MachineSight) -> MachineStep {
        switch machine.state {
        case .started:
            if isRestartPending {
                if !observed.tried.contains(.restart) { return .act(.restartMachine(id: machine.id, .requested)) }
                return .end(.retry(.vendorUnavailable, "the answer to the restart was lost, and no new start shows"))
            }
            return healthStep(machine)
        case .failed where !observed.tried.isDisjoint(with: [.start, .create, .update]):
            return .end(startFailed(machine))
        case .stopped, .suspended, .failed:
            return observed.tried.contains(.start) ? .end(startFailed(machine)) : .act(.startMachine(id: machine.id))
        default:
            return waitStep(machine, .started)
        }
    }

    /// A machine that is right in shape, towards stopped.
    func stoppedStep(_ machine: MachineSight) -> MachineStep {
        switch machine.state {
        case .stopped, .suspended, .failed:
            return .end(.settled(.stopped))
        case .started:
            if observed.tried.contains(.stop) {
                return .end(.again(seconds: limits.passingSeconds, .stopping, "machine \(machine.id) is stopping"))
            }
            return .act(.stopMachine(id: machine.id))
        case .stopping, .suspending:
            return waitStep(machine, .stopped)
        default:
            // Fly refuses to stop what is just starting, and an update may leave it stopped by itself.
            return waitStep(machine, .settled)
        }
    }

    private func waitStep(_ machine: MachineSight, _ state: MachineAction.AwaitedState) -> MachineStep {
        if observed.tried.contains(.wait) {
            let text = "machine \(machine.id) is \(machine.state.rawValue)"
            return .end(.again(seconds: limits.passingSeconds, progress, text))
        }
        return .act(.awaitMachine(id: machine.id, version: machine.instanceID, state))
    }

    private func startFailed(_ machine: MachineSight) -> RunEnding {
        let text =
            "machine \(machine.id) is \(machine.state.rawValue) after its start: \(machine.failure ?? "no word why")"
        let words = machine.failure?.lowercased() ?? ""
        let isPull = ["image", "manifest", "registry", "pull"].contains { words.contains($0) }
        return .retry(isPull ? .imagePullFailed : .startFailed, text)
    }

    /// The row asks for a restart that was not carried out yet.
    var isRestartPending: Bool {
        guard let asked = desired.restartRequestedAt else { return false }
        return memory.restartedAt.map { $0 < asked } ?? true
    }

    private func healthStep(_ machine: MachineSight) -> MachineStep {
        if observed.tried.contains(.repair), !observed.tried.contains(.restart) {
            return .act(.restartMachine(id: machine.id, .unhealthy))
        }
        switch machine.health {
        case .passing:
            return .end(.settled(.running))
        case .pending:
            return .end(.again(seconds: pendingSeconds(machine), progress, "the health check has not passed yet"))
        case .critical:
            return sicknessStep(machine)
        }
    }

    /// Often at first, then less: a gateway that takes minutes is not waited for with a call every 3 seconds.
    private func pendingSeconds(_ machine: MachineSight) -> Double {
        let age = now.timeIntervalSince1970 - Double(machine.startMark) / 1000
        return min(30, max(3, age / 10))
    }

    private func sicknessStep(_ machine: MachineSight) -> MachineStep {
        let seconds = memory.unhealthySince == nil ? 0 : secondsSince(memory.unhealthySince)
        if seconds < limits.unhealthySeconds || observed.tried.contains(.restart) {
            // A check is critical until it first passes, so a fresh machine is looked at often.
            let pause = seconds < 30 ? limits.passingSeconds : 15
            return .end(.again(seconds: pause, .unhealthy, "the health check fails"))
        }
        if memory.repairs >= limits.repairsPerWindow {
            let text = "the health check fails after \(memory.repairs) restarts"
            return .end(.again(seconds: limits.patienceSeconds * 5, .restartLimit, text))
        }
        if desired.areRepairsHalted {
            let text = "the health check fails; restarts are stopped for the fleet"
            return .end(.again(seconds: limits.patienceSeconds, .repairsHalted, text))
        }
        return .act(.intend(.repair))
    }
}
