import FoundationEssentials

/// Everything a decision depends on. `next` decides, `fold` learns; both are pure.
///
///     read row ─▶ ContainerView ─▶ next ─▶ action ─▶ perform ─▶ fold ─▶ next … ─▶ end
struct ContainerView: Sendable {
    var desired: DesiredContainer
    var memory: ContainerMemory
    var status: ContainerStatus
    var hasFiles = false
    var hasChecklist = false
    var observed = ObservedContainer()
    /// Database time: of the read, plus what has passed since.
    var now: Date
    var limits = ContainerLimits()

    /// The next action, or the end of the run. Creates and deletes wait while the droplet is frozen.
    func next() -> ContainerStep {
        let step = decide()
        guard case .act(let action) = step else { return step }
        if desired.isFrozen, action.isCreateOrDelete {
            return .end(
                .again(
                    seconds: limits.patienceSeconds, .frozen,
                    "waits to \(action): creates and deletes are stopped for the droplet"))
        }
        if action == observed.lost, action.isMutation, !action.isRepeatable {
            // It was looked up, and is still to be done: not at once, the daemon may be in trouble.
            return .end(.retry(.vendorUnavailable, "the answer to \"\(action)\" was lost"))
        }
        return step
    }

    private func decide() -> ContainerStep {
        if let problem = observed.problem { return .end(ending(of: problem)) }
        if !desired.isDeleting, let fault = desired.fault {
            return .end(
                fault.isPassing
                    ? .retry(fault.reason, fault.message)
                    : .blocked(fault.reason, fault.message, lookAgainSeconds: nil))
        }
        guard let scene = observed.scene else { return .act(.look) }
        if desired.isDeleting { return deletion(scene) }
        let roles = ContainerRoles(scene, self)
        if let foreign = scene.foreign.first {
            let text = "a container \(foreign) is there without our mark: it was not touched"
            return .end(.blocked(.foreignContainer, text, lookAgainSeconds: limits.blockedSeconds))
        }
        if let found = roles.adoptable { return .act(.intend(.adopt(id: found.id))) }
        return desired.runs ? convergence(roles) : rest(roles)
    }

    /// Tombstone: stopped, removed, and seen to be gone. The data folder stays on the droplet.
    private func deletion(_ scene: ContainerScene) -> ContainerStep {
        guard let one = scene.ours.first else { return .end(.released) }
        if one.holdsPort, !observed.tried.contains(.stop(one.id)) { return .act(.stop(id: one.id)) }
        if observed.tried.contains(.remove(one.id)) {
            return .end(.again(seconds: limits.lookPauseSeconds, .deleting, "container \(one.shortID) is going away"))
        }
        return .act(.remove(id: one.id))
    }

    /// What a new run may forget: a changed row deserves new attempts.
    mutating func begin() {
        // Before any file is written: after a crash nobody knows whether it was.
        memory.claims.formUnion(desired.claims)
        if status.observedGeneration != desired.generation {
            memory.repairs = 0
            memory.repairsSince = nil
        }
        if memory.failedGeneration != nil, memory.failedGeneration != desired.generation {
            memory.failedHash = nil
            memory.failedGeneration = nil
            memory.failedWhy = nil
        }
    }

    /// The row asks for a restart that was not carried out yet.
    var isRestartPending: Bool {
        guard let asked = desired.restartRequestedAt else { return false }
        return memory.restartedAt.map { $0 < asked } ?? true
    }

    /// The reason to show while something is on its way.
    var progress: Reason {
        if desired.isDeleting { return .deleting }
        if memory.containerID == nil { return .provisioning }
        if !desired.runs { return .stopping }
        if observed.tried.contains(.restart) { return .restarting }
        return memory.specHash == desired.specHash ? .starting : .updating
    }

    func secondsSince(_ date: Date?) -> Double { date.map { now.timeIntervalSince($0) } ?? .infinity }
}

/// Who is who among our containers. Names are for people: what counts is what is remembered.
struct ContainerRoles: Sendable, Equatable {
    /// The one that was proven last and serves, whatever its name.
    var proven: ContainerSight?
    /// The one that was asked for last and is not proven.
    var candidate: ContainerSight?
    /// Neither: what a crash left behind, to be removed once somebody serves.
    var leftovers: [ContainerSight]
    /// To be proven by its name, because nobody remembers one that is there.
    var adoptable: ContainerSight?

    init(_ scene: ContainerScene, _ view: ContainerView) {
        let memory = view.memory
        let proven = scene.ours.first { $0.id == memory.containerID && $0.state != .removing }
        let others = scene.ours.filter { $0.id != proven?.id }
        let candidate = others.first { $0.epoch == memory.epoch && memory.epoch > 0 && $0.state != .removing }
        let leftovers = others.filter { $0.id != candidate?.id }
        (self.proven, self.candidate, self.leftovers) = (proven, candidate, leftovers)
        guard proven == nil else { return }
        // Only who took over gets the name, so that whoever has it has served.
        let usable = scene.ours.filter { ![.removing, .dead].contains($0.state) }
        adoptable =
            usable.first { $0.name == view.desired.name } ?? usable.first { $0.name == view.desired.formerName }
    }
}
