/// What the end of a run tells the world: status columns and conditions. Pure.
struct ContainerReport: Sendable, Equatable {
    var status: ContainerStatus
    var conditions: [ConditionToTell]
    /// Memory as it is to be stored at the end.
    var memory: ContainerMemory
    var reason: Reason
    var message: String

    init(_ view: ContainerView, _ ending: RunEnding) {
        memory = view.memory
        (reason, message) = ending.words
        // Asked for while it was to be stopped: there is nothing to restart.
        if ending == .settled(.stopped), view.isRestartPending { memory.restartedAt = view.desired.restartRequestedAt }
        status = ContainerStatus(
            word: Self.word(view, ending), observedGeneration: view.desired.generation, runningAt: view.status.runningAt
        )
        if ending == .settled(.running) { status.runningAt = status.runningAt ?? view.now }
        conditions = [ConditionToTell("Ready", ending.readiness, reason, message)]
        if let health = Self.health(view, reason) { conditions.append(health) }
    }

    /// What is only on its way keeps the word it had.
    private static func word(_ view: ContainerView, _ ending: RunEnding) -> String {
        if view.desired.isDeleting { return "deleting" }
        switch ending {
        case .settled(.stopped): return "stopped"
        case .settled: return "running"
        case .blocked, .again(_, .restartLimit, _): return "error"
        case .retry(let reason, _):
            let isOfContainer = [
                .startFailed, .portInUse, .keyRingMissing, .imagePullFailed, .dataMissing, .checklistFailed,
            ]
            .contains(reason)
            return isOfContainer ? "error" : view.status.word
        case .again, .released: return view.status.word
        }
    }

    private static func health(_ view: ContainerView, _ reason: Reason) -> ConditionToTell? {
        if reason == .stopped { return ConditionToTell("Healthy", "Unknown", .stopped) }
        guard let id = view.memory.containerID, let proven = view.observed.scene?[id] else { return nil }
        guard proven.holdsPort else { return ConditionToTell("Healthy", "False", view.progress, "it does not run") }
        let finding = view.observed.probe[id]
        if case .bad(let why)? = finding { return ConditionToTell("Healthy", "False", .unhealthy, why) }
        if view.memory.unhealthySince != nil {
            let isSick = [.unhealthy, .restartLimit, .repairsHalted].contains(reason)
            return ConditionToTell("Healthy", "False", isSick ? reason : .unhealthy, proven.ending)
        }
        if finding == .good || proven.health == .healthy { return ConditionToTell("Healthy", "True", .running) }
        return proven.health == .starting ? ConditionToTell("Healthy", "Unknown", view.progress) : nil
    }
}
