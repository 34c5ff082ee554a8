import FoundationEssentials

extension MachineView {
    mutating func foldSight(_ result: MachineResult) {
        switch result {
        case .machine(let machine):
            memory.machineID == nil ? foldCandidate(machine) : foldOwn(machine)
        case .machines(let machines):
            observed.tried.insert(.listMachines)
            if let machine = machines.first {
                foldCandidate(machine)
            } else {
                foldFruitlessMachineLook()
            }
        default:
            break
        }
    }

    /// A machine found by name, by our volume, or named by a refused create. Ours when it carries our mark.
    private mutating func foldCandidate(_ machine: MachineSight) {
        observed.candidate = nil
        if !machine.isReachable, machine.owner == nil {
            observed.problem = .busy("machine \(machine.id) has our name, but its host does not answer")
        } else if machine.owner != desired.ownerMark {
            foldForeign(machine)
        } else if machine.state == .destroying {
            observed.problem = .busy("machine \(machine.id) is being destroyed")
        } else {
            memory.machineID = machine.id
            foldOwn(machine)
        }
    }

    private mutating func foldForeign(_ machine: MachineSight) {
        if desired.isDeleting {
            // Not ours, so ours does not exist.
            memory.machineAskedAt = nil
            return
        }
        observed.problem = .foreignMachine(
            "machine \(machine.id) is named \(machine.name) but carries another owner's mark: \(machine.owner ?? "none")"
        )
    }

    private mutating func foldOwn(_ machine: MachineSight) {
        observed.machine = .present(machine)
        memory.machineAskedAt = memory.machineAskedAt ?? now
        memory.machineLooks = 0
        if machine.hash == desired.specHash, machine.shape == desired.shape {
            memory.instanceID = machine.instanceID
            noteApplied()
        }
        if let mark = observed.lostRestartMark, machine.startMark > mark { acknowledgeRestart() }
        guard machine.state == .started, machine.isReachable else { return }
        switch machine.health {
        case .passing:
            memory.unhealthySince = nil
            memory.runningAt = memory.runningAt ?? now
        case .critical:
            if memory.unhealthySince == nil, secondsSince(memory.repairsSince) > limits.repairWindowSeconds {
                memory.repairs = 0
                memory.repairsSince = nil
            }
            memory.unhealthySince = memory.unhealthySince ?? now
        case .pending:
            break
        }
    }

    private mutating func foldFruitlessMachineLook() {
        observed.machine = .absent
        memory.machineLooks += 1
        guard memory.machineLooks >= 2, secondsSince(memory.machineAskedAt) >= limits.createSettleSeconds else {
            return
        }
        // Two lists agree: no earlier create is under way any more.
        observed.tried.insert(.firstAsk)
        if desired.isDeleting || !desired.runs { memory.machineAskedAt = nil }
    }

    mutating func noteApplied() {
        memory.specHash = desired.specHash
        memory.profileGeneration = desired.profile?.generation ?? memory.profileGeneration
    }
}
