extension MachineView {
    /// A failed call ends the run, unless its failure is itself an answer: gone, taken, lost, no room here.
    mutating func foldFailure(_ action: MachineAction, _ problem: Problem) {
        noteAttempt(action)
        switch problem {
        case .notFound: foldNotFound(action)
        case .outcomeUnknown:
            observed.lost = action
            if case .restartMachine(_, .requested) = action {
                observed.lostRestartMark = observed.machine.thing?.startMark
            }
            forgetSight(of: action)
        case .machineExists(let id): foldExisting(id)
        case .nameTaken: foldTaken(action, problem)
        case .regionFull, .hostFull: foldFull(action, problem)
        default:
            forgetIntent(of: action)
            observed.problem = problem
            if case .deleteVolume = action, case .busy = problem {
                // Attached: so there is a machine, whatever the lists said.
                memory.machineAskedAt = memory.machineAskedAt ?? now
                memory.machineLooks = 0
            }
        }
    }

    /// What must not be repeated in this run even though its answer was lost or bad.
    private mutating func noteAttempt(_ action: MachineAction) {
        switch action {
        case .startMachine: observed.tried.insert(.start)
        case .stopMachine: observed.tried.insert(.stop)
        case .restartMachine: observed.tried.insert(.restart)
        case .deleteMachine: observed.tried.insert(.deleteMachine)
        case .deleteVolume: observed.tried.insert(.deleteVolume)
        case .deleteApp: observed.tried.insert(.deleteApp)
        case .extendVolume: observed.tried.insert(.extend)
        case .awaitMachine: observed.tried.insert(.wait)
        default: break
        }
    }

    /// Refused for sure: nothing was made, so nothing has to be searched for later, unless an earlier ask was lost.
    private mutating func forgetIntent(of action: MachineAction) {
        switch action {
        case .createVolume: memory.volumeAskedAt = nil
        case .createMachine where observed.tried.contains(.firstAsk): memory.machineAskedAt = nil
        default: break
        }
    }

    private mutating func forgetSight(of action: MachineAction) {
        switch action {
        case .lookApp, .createApp, .deleteApp: observed.app = .unknown
        case .lookAddresses, .allocateAddress: observed.addresses = .unknown
        case .lookVolume, .lookVolumes, .createVolume, .extendVolume, .deleteVolume: observed.volume = .unknown
        default:
            observed.machine = .unknown
            observed.tried.remove(.firstAsk)
        }
    }

    private mutating func foldNotFound(_ action: MachineAction) {
        switch action {
        case .lookApp, .deleteApp:
            observed.app = .absent
        case .lookAddresses, .allocateAddress:
            // An app may be invisible for a moment after it was made.
            observed.problem = .busy("app \(memory.app ?? "") does not show yet")
        case .lookVolumes, .lookMachines:
            foldMissingApp()
        case .createVolume:
            memory.volumeAskedAt = nil
            foldMissingApp()
        case .lookVolume, .deleteVolume, .extendVolume:
            foldMissingVolume()
        case .createMachine:
            forgetIntent(of: action)
            observed.volume = .unknown
            observed.machine = .unknown
        default:
            foldMissingMachine()
        }
    }

    private mutating func foldMissingApp() {
        if desired.isDeleting {
            memory.machineAskedAt = nil
            memory.volumeAskedAt = nil
            observed.app = .unknown
        } else {
            memory.appReady = false
            observed.app = .unknown
            observed.addresses = .unknown
            observed.problem = .busy("app \(memory.app ?? "") does not show")
        }
    }

    private mutating func foldMissingVolume() {
        observed.volume = .absent
        observed.tried.remove(.deleteVolume)
        if desired.isDeleting || memory.isVolumeFresh {
            memory.volumeID = nil
            memory.volumeAskedAt = nil
            memory.region = nil
            observed.volume = .unknown
        }
    }

    private mutating func foldMissingMachine() {
        if observed.candidate != nil || memory.machineID == nil {
            observed.candidate = nil
            observed.problem = .busy("a machine that held our name or volume is going away")
            return
        }
        memory.machineID = nil
        memory.machineAskedAt = nil
        observed.machine = .unknown
        observed.volume = .unknown
        observed.tried.remove(.deleteMachine)
    }

    private mutating func foldExisting(_ id: String?) {
        observed.machine = .unknown
        observed.candidate = id
        if id == nil { observed.problem = .busy("a machine of our name exists already") }
    }

    private mutating func foldTaken(_ action: MachineAction, _ problem: Problem) {
        if desired.isDeleting {
            observed.app = .absent  // a stranger's; ours does not exist
        } else if action == .createApp {
            observed.app = .unknown
            observed.tried.insert(.createApp)
        } else {
            observed.problem = problem
        }
    }

    /// No room: while the volume is empty, the next region is tried.
    private mutating func foldFull(_ action: MachineAction, _ problem: Problem) {
        forgetIntent(of: action)
        if case .createVolume = action {
            memory.regionAttempt += 1
            observed.volume = .unknown
        } else if case .createMachine = action, memory.isVolumeFresh {
            memory.regionAttempt += 1
            memory.region = nil  // where the volume is, it is of no use
            observed.machine = .unknown
        } else {
            observed.problem = problem
        }
    }
}
