import FoundationEssentials

/// What the end of a run tells the world: status columns and conditions. Pure.
struct MachineReport: Sendable, Equatable {
    /// Memory as it is to be stored at the end.
    var memory: MachineMemory
    var conditions: [ConditionToTell]
    var reason: Reason
    var message: String

    init(_ view: MachineView, _ ending: RunEnding) {
        memory = view.memory
        (reason, message) = ending.words
        memory.observedGeneration = view.desired.generation
        memory.status = Self.status(view, ending)
        if let id = memory.machineID, let profile = view.desired.profile {
            memory.gatewayURL = profile.gatewayURL(machineID: id)
        }
        // Asked for while it was to be stopped: there is nothing to restart.
        if ending == .settled(.stopped), view.isRestartPending { memory.restartedAt = view.desired.restartRequestedAt }
        // Whoever cannot go on leaves the app to the next machine that shares it.
        if case .blocked = ending { memory.appAskedAt = nil }
        conditions = [ConditionToTell("Ready", ending.readiness, reason, message)]
        if let health = Self.health(view, reason) { conditions.append(health) }
    }

    /// One of the words of `machines.status`. What is only on its way keeps the word it had.
    private static func status(_ view: MachineView, _ ending: RunEnding) -> String {
        if view.desired.isDeleting { return "deleting" }
        switch ending {
        case .settled(.stopped): return "stopped"
        case .settled: return "running"
        case .blocked: return "error"
        case .again(_, .restartLimit, _), .again(_, .hostUnreachable, _): return "error"
        case .retry(.startFailed, _), .retry(.imagePullFailed, _), .retry(.keyRingMissing, _): return "error"
        case .again, .retry, .released: return view.memory.status
        }
    }

    private static func health(_ view: MachineView, _ reason: Reason) -> ConditionToTell? {
        if reason == .stopped {
            return ConditionToTell("Healthy", "Unknown", .stopped)
        }
        guard let machine = view.observed.machine.thing, machine.state == .started, machine.isReachable else {
            return nil
        }
        switch machine.health {
        case .passing: return ConditionToTell("Healthy", "True", .running)
        case .pending: return ConditionToTell("Healthy", "Unknown", view.progress)
        case .critical:
            let cause: Reason = reason == .restartLimit || reason == .repairsHalted ? reason : .unhealthy
            return ConditionToTell("Healthy", "False", cause, "the health check fails")
        }
    }
}
