extension ContainerView {
    /// Takes back a candidate that nobody wants any more: it stops, the one that served serves again, then it goes.
    /// The same way whether the row changed or the candidate failed, and from wherever a crash left it.
    func retreat(_ candidate: ContainerSight, to proven: ContainerSight?) -> ContainerStep {
        if candidate.holdsPort {
            if observed.tried.contains(.stop(candidate.id)) {
                return .end(.again(seconds: limits.lookPauseSeconds, progress, "\(candidate.name) is stopping"))
            }
            return .act(.stop(id: candidate.id))
        }
        if let proven, !proven.holdsPort {
            // What it found is kept in the layer of the candidate, and goes with it.
            if hasFiles, !observed.tried.contains(.restore(candidate.id)) { return .act(.restore(id: candidate.id)) }
            if desired.runs, desired.hold == nil {
                if observed.tried.contains(.start(proven.id)) { return .end(startFailed(proven)) }
                return .act(.start(id: proven.id))
            }
        }
        return removal(candidate)
    }

    /// Right, or as right as it gets: what a swap left, its state, files, health and checklist.
    func presence(_ proven: ContainerSight, _ roles: ContainerRoles) -> ContainerStep {
        if let leftover = roles.leftovers.first {
            if leftover.holdsPort, !observed.tried.contains(.stop(leftover.id)) { return .act(.stop(id: leftover.id)) }
            return removal(leftover)
        }
        switch proven.state {
        case .created, .exited:
            if observed.tried.contains(.start(proven.id)) { return .end(startFailed(proven)) }
            if let hold = desired.hold { return .end(.again(seconds: limits.lookPauseSeconds * 2, progress, hold)) }
            return .act(.start(id: proven.id))
        case .removing, .dead, .other:
            return .end(.again(seconds: limits.lookPauseSeconds, progress, "\(proven.name) is passing"))
        case .paused:
            return thaw(proven)
        case .running, .restarting:
            return health(proven)
        }
    }

    /// Somebody froze it by hand: the cheapest repair there is.
    func thaw(_ container: ContainerSight) -> ContainerStep {
        if observed.tried.contains(.unpause(container.id)) {
            return .end(.again(seconds: limits.lookPauseSeconds, progress, "\(container.name) is paused again"))
        }
        return .act(.unpause(id: container.id))
    }

    /// A container that was renamed by hand, or that has just taken over, gets the name; who has it gives it up.
    func naming(_ proven: ContainerSight, _ roles: ContainerRoles) -> ContainerStep? {
        guard proven.name != desired.name else { return nil }
        guard let holder = roles.leftovers.first(where: { $0.name == desired.name }) else {
            return .act(.rename(id: proven.id, to: desired.name))
        }
        if let former = roles.leftovers.first(where: { $0.name == desired.formerName }) { return removal(former) }
        return .act(.rename(id: holder.id, to: desired.formerName))
    }

    func removal(_ container: ContainerSight) -> ContainerStep {
        if observed.tried.contains(.remove(container.id)) || container.state == .removing {
            return .end(.again(seconds: limits.lookPauseSeconds, progress, "\(container.name) is going away"))
        }
        return .act(.remove(id: container.id))
    }

    private func health(_ proven: ContainerSight) -> ContainerStep {
        if proven.isLooping(now) {
            return sickness(proven, "Docker restarted it \(proven.restartCount) times: \(proven.ending)")
        }
        if isRestartPending {
            if observed.tried.contains(.restart) {
                return .end(.retry(.vendorUnavailable, "the answer to the restart was lost, and no new start shows"))
            }
            return .act(.restart(id: proven.id, .requested))
        }
        // One that was returned to keeps the files that it had.
        if hasFiles, !observed.tried.contains(.files), !isGivenUp || isRight(proven) {
            return .act(observed.tried.contains(.filesSeen) ? .push(id: proven.id) : .lookFiles(id: proven.id))
        }
        switch proven.health {
        case .starting:
            return .end(.again(seconds: limits.lookPauseSeconds, progress, "its health check has not passed yet"))
        case .unhealthy:
            return sickness(proven, "Docker's health check fails")
        case .healthy:
            return duties(proven)
        case .none:
            switch observed.probe[proven.id] {
            case nil: return .act(.probe(id: proven.id))
            case .bad(let why)?: return sickness(proven, why)
            case .good?: return duties(proven)
            }
        }
    }

    /// It is healthy. A changed step of its checklist is owed anew.
    private func duties(_ proven: ContainerSight) -> ContainerStep {
        if isGivenUp, !isRight(proven) {
            let text = memory.failedWhy ?? "the new container did not take over"
            return .end(.blocked(.rolledBack, text, lookAgainSeconds: limits.blockedSeconds * 4))
        }
        guard hasChecklist else { return .end(.settled(.running)) }
        switch observed.checklist[proven.id] {
        case nil: return .act(.checklist(id: proven.id))
        case .working(let step, let seconds)?:
            return .end(.again(seconds: seconds, .checklistRunning, "checklist: \(step)"))
        case .failed(let step, let why)?:
            let text = "checklist, \(step): \(why)"
            return .end(.blocked(.checklistFailed, text, lookAgainSeconds: limits.blockedSeconds * 4))
        case .done?: return .end(.settled(.running))
        }
    }

    /// Endured for a while, then repaired by a restart, a few times an hour and only while the droplet's repairs go on.
    private func sickness(_ proven: ContainerSight, _ why: String) -> ContainerStep {
        if observed.tried.contains(.repair), !observed.tried.contains(.restart) {
            return .act(.restart(id: proven.id, .unhealthy))
        }
        guard let since = memory.unhealthySince, secondsSince(since) >= limits.unhealthySeconds,
            !observed.tried.contains(.restart)
        else {
            return .end(.again(seconds: limits.lookPauseSeconds * 2, .unhealthy, why))
        }
        if memory.repairs >= limits.repairsPerWindow, secondsSince(memory.repairsSince) < limits.repairWindowSeconds {
            let text = "\(why); \(memory.repairs) restarts did not help"
            return .end(.again(seconds: limits.patienceSeconds * 5, .restartLimit, text))
        }
        if desired.areRepairsHalted {
            return .end(.again(seconds: limits.patienceSeconds, .repairsHalted, "\(why); repairs are stopped"))
        }
        return .act(.intend(.repair))
    }

    /// The row wants nothing to run. What is there is stopped and stays, to return to; a candidate beside it goes.
    func rest(_ roles: ContainerRoles) -> ContainerStep {
        let all = [roles.candidate, roles.proven].compactMap(\.self) + roles.leftovers
        if let running = all.first(where: \.holdsPort) {
            if observed.tried.contains(.stop(running.id)) {
                return .end(.again(seconds: limits.lookPauseSeconds, .stopping, "\(running.name) is stopping"))
            }
            return .act(.stop(id: running.id))
        }
        if let proven = roles.proven {
            if let candidate = roles.candidate { return retreat(candidate, to: proven) }
            if let step = naming(proven, roles) { return step }
            if let leftover = roles.leftovers.first { return removal(leftover) }
        }
        return .end(.settled(.stopped))
    }

    private func startFailed(_ container: ContainerSight) -> RunEnding {
        .retry(.startFailed, "\(container.name) does not run after its start: \(container.ending)")
    }
}
