extension MachineView {
    mutating func foldMachine(_ action: MachineAction, _ result: MachineResult) {
        switch action {
        case .createMachine:
            observed.tried.insert(.create)
            foldApplied(result)
        case .updateMachine:
            observed.tried.insert(.update)
            foldApplied(result)
        case .startMachine:
            observed.tried.insert(.start)
            observed.machine = .unknown
            acknowledgeRestart()
        case .stopMachine:
            observed.tried.insert(.stop)
            observed.machine = .unknown
        case .restartMachine(_, let cause):
            observed.tried.insert(.restart)
            observed.machine = .unknown
            if cause == .requested { acknowledgeRestart() }
        case .awaitMachine:
            observed.tried.insert(.wait)
            observed.machine = .unknown
            return
        case .deleteMachine:
            observed.tried.insert(.deleteMachine)
            observed.machine = .unknown
        default:
            break
        }
        observed.tried.remove(.wait)
    }

    private mutating func foldApplied(_ result: MachineResult) {
        guard case .machine(let machine) = result else { return }
        memory.machineID = machine.id
        memory.instanceID = machine.instanceID
        noteApplied()
        acknowledgeRestart()
        observed.machine = .present(machine)
    }

    /// A machine that starts now has been restarted, too.
    mutating func acknowledgeRestart() {
        memory.restartedAt = desired.restartRequestedAt ?? memory.restartedAt
    }
}
