import FoundationEssentials

extension ContainerView {
    /// Learns from the result of an action. Pure; the shell stores the changed memory before the next mutation.
    mutating func fold(_ action: ContainerAction, _ result: ContainerResult) {
        if case .failed(let problem) = result { return foldFailure(action, problem) }
        switch (action, result) {
        case (.look, .scene(let scene)): foldScene(scene)
        case (.lookImage, .image(let isThere)): observed.hasImage = isThere
        case (.pull, _):
            observed.tried.insert(.pull)
            observed.hasImage = true
        case (.prepare, _): observed.tried.insert(.prepare)
        case (.intend(let intent), _): foldIntent(intent)
        case (.lookFiles(let id), .files(let areRight)):
            observed.tried.insert(.filesSeen)
            if areRight {
                observed.tried.insert(.files)
                noteClaims(of: id)
            }
        case (.push(let id), _):
            observed.tried.insert(.files)
            noteClaims(of: id)
        case (.lookLogs(let failure), .log(let tail)): foldLog(failure, tail)
        case (.probe(let id), .finding(let finding)): foldProbe(id, finding)
        case (.checklist(let id), .checklist(let progress)): observed.checklist[id] = progress
        default: foldChange(action, result)
        }
    }

    private mutating func foldIntent(_ intent: ContainerAction.Intent) {
        switch intent {
        case .create:
            memory.epoch = 1 + max(memory.epoch, observed.scene?.ours.map(\.epoch).max() ?? 0)
            memory.unhealthySince = nil
            observed.tried.insert(.intendCreate)
        case .adopt(let id), .prove(let id):
            let container = observed.scene?[id]
            memory.containerID = id
            memory.specHash = container?.hash
            memory.epoch = max(memory.epoch, container?.epoch ?? 0)
            memory.unhealthySince = nil
            memory.repairs = 0
            memory.repairsSince = nil
            // Whoever ran before has made it.
            if case .adopt = intent, container?.startedAt != nil { memory.dataMadeAt = memory.dataMadeAt ?? now }
        case .giveUp:
            memory.failedHash = desired.specHash
            memory.failedGeneration = desired.generation
            memory.failedWhy = observed.failure.map { String($0.why.prefix(2000)) }
            memory.unhealthySince = nil
        case .repair:
            memory.repairsSince =
                secondsSince(memory.repairsSince) < limits.repairWindowSeconds ? memory.repairsSince : now
            memory.repairs = memory.repairsSince == now ? 1 : memory.repairs + 1
            memory.unhealthySince = now
            observed.tried.insert(.repair)
        }
    }

    private mutating func foldScene(_ scene: ContainerScene) {
        observed.scene = scene
        if let before = observed.startBeforeRestart, let id = memory.containerID,
            let started = scene[id]?.startedAt, started > before
        {
            noteRestart()
            observed.tried.insert(.restart)
        }
        noteHealth()
    }

    /// Bad health begins when it is first seen, and ends when it is not.
    private mutating func noteHealth() {
        guard let id = memory.containerID, let proven = observed.scene?[id], proven.holdsPort else { return }
        let isBad = proven.health == .unhealthy || proven.isLooping(now)
        if isBad { memory.unhealthySince = memory.unhealthySince ?? now }
        if !isBad, proven.health == .healthy { noteGoodHealth() }
    }

    private mutating func noteGoodHealth() {
        memory.unhealthySince = nil
        if secondsSince(memory.repairsSince) >= limits.repairWindowSeconds {
            memory.repairs = 0
            memory.repairsSince = nil
        }
    }

    private mutating func foldProbe(_ id: String, _ finding: Workload.Finding) {
        if observed.probe[id] == .good { observed.tried.insert(.finalProbe) }
        observed.probe[id] = finding
        switch finding {
        case .good: noteGoodHealth()
        case .bad: memory.unhealthySince = memory.unhealthySince ?? now
        }
    }

    private mutating func foldLog(_ failure: ContainerFailure, _ tail: String) {
        observed.tried.insert(.logs)
        observed.failure = failure
        if !tail.isEmpty { observed.failure?.why += "\n" + tail }
    }

    /// The files are those of this row, and no way leads back to others.
    private mutating func noteClaims(of id: String) {
        if id == memory.containerID { memory.claims = desired.claims }
    }

    mutating func noteRestart() { memory.restartedAt = desired.restartRequestedAt ?? memory.restartedAt }
}
