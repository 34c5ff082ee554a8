extension ContainerView {
    /// The way to a container that runs what the row wants.
    func convergence(_ roles: ContainerRoles) -> ContainerStep {
        let isWanted = roles.proven.map { !isRight($0) && !isGivenUp } ?? true
        if let candidate = roles.candidate, !isWanted || !isUsable(candidate) {
            return retreat(candidate, to: roles.proven)
        }
        // One that took over and was not renamed yet would stand in the way of the next.
        if let proven = roles.proven, let step = naming(proven, roles) { return step }
        if isWanted { return recreation(roles) }
        // Nothing to replace, so somebody is proven.
        guard let proven = roles.proven else { return recreation(roles) }
        return presence(proven, roles)
    }

    func isRight(_ container: ContainerSight) -> Bool {
        container.hash == desired.specHash && container.drift == nil && !container.makesFolders
    }

    /// The specification of this generation was tried, and the former container serves again.
    var isGivenUp: Bool {
        memory.failedHash == desired.specHash && memory.failedGeneration == desired.generation
    }

    /// One that was made for what the row wants now. The one that makes the data folder is done with it afterwards.
    private func isUsable(_ candidate: ContainerSight) -> Bool {
        let isMaker = candidate.makesFolders && memory.dataMadeAt == nil && desired.data != nil
        return candidate.hash == desired.specHash && (isMaker || isRight(candidate))
    }

    /// A new container beside the one that serves, up to the moment when it takes over.
    private func recreation(_ roles: ContainerRoles) -> ContainerStep {
        guard let candidate = roles.candidate else { return creation(roles) }
        if candidate.makesFolders { return .act(.makeData(id: candidate.id)) }
        if let failure = observed.failure, failure.id == candidate.id { return abandonment(failure, roles) }
        switch candidate.state {
        case .paused: return thaw(candidate)
        case .running, .restarting: return proof(candidate, roles)
        case .removing, .dead, .other:
            return .end(.again(seconds: limits.lookPauseSeconds, progress, "\(candidate.name) is passing"))
        case .created, .exited: return swap(candidate, roles)
        }
    }

    private func creation(_ roles: ContainerRoles) -> ContainerStep {
        guard let hasImage = observed.hasImage else { return .act(.lookImage) }
        if !hasImage {
            // A pull may take long, so the one that can serve does meanwhile.
            if let proven = roles.proven, !proven.holdsPort, !observed.tried.contains(.start(proven.id)),
                desired.hold == nil
            {
                return .act(.start(id: proven.id))
            }
            if observed.tried.contains(.pull) {
                return .end(.retry(.imagePullFailed, "image \(desired.shape.image) was pulled and is not there"))
            }
            return .act(.pull)
        }
        if !observed.tried.contains(.prepare) { return .act(.prepare) }
        if observed.tried.contains(.create) {
            return .end(.retry(.specRefused, "what Docker made is not what was asked for"))
        }
        if let late = roles.leftovers.first(where: { $0.name == desired.nextName }) {
            // An answer was lost, and the create came after the look.
            return late.holdsPort ? .act(.stop(id: late.id)) : removal(late)
        }
        if !observed.tried.contains(.intendCreate) { return .act(.intend(.create)) }
        return .act(.create)
    }

    /// The shortest gap there is: everything is pulled and made, the former one stops, the new one starts.
    private func swap(_ candidate: ContainerSight, _ roles: ContainerRoles) -> ContainerStep {
        if observed.tried.contains(.start(candidate.id)) {
            let why = "it ended right after its start: \(candidate.ending)"
            return abandonment(ContainerFailure(id: candidate.id, reason: .startFailed, why: why), roles)
        }
        if let hold = desired.hold {
            return .end(.again(seconds: limits.lookPauseSeconds * 2, progress, hold))
        }
        // Before anything stops: a file that cannot be changed is a reason to leave all as it is.
        if hasFiles, !observed.tried.contains(.filesSeen) { return .act(.lookFiles(id: candidate.id)) }
        let others = ([roles.proven].compactMap(\.self) + roles.leftovers).filter(\.holdsPort)
        if let other = others.first {
            if observed.tried.contains(.stop(other.id)) {
                return .end(.again(seconds: limits.lookPauseSeconds, progress, "\(other.name) is stopping"))
            }
            return .act(.stop(id: other.id))
        }
        if hasFiles, !observed.tried.contains(.place(candidate.id)) { return .act(.place(id: candidate.id)) }
        return .act(.start(id: candidate.id))
    }

    /// It runs: does it answer, is its checklist done, does it still answer?
    private func proof(_ candidate: ContainerSight, _ roles: ContainerRoles) -> ContainerStep {
        func fail(_ reason: Reason, _ why: String) -> ContainerStep {
            abandonment(ContainerFailure(id: candidate.id, reason: reason, why: why), roles)
        }
        let isLoopEnough = candidate.isLooping(now) || roles.proven != nil
        if isLoopEnough, candidate.restartCount >= limits.loopRestarts {
            return fail(.startFailed, "Docker restarted it \(candidate.restartCount) times: \(candidate.ending)")
        }
        switch (candidate.isLooping(now), observed.probe[candidate.id]) {
        case (true, nil):
            return .end(.again(seconds: limits.lookPauseSeconds, progress, "it ended: \(candidate.ending)"))
        case (_, nil):
            return .act(.probe(id: candidate.id))
        case (_, .bad(let why)?):
            if memory.unhealthySince != nil, secondsSince(memory.unhealthySince) >= limits.provingSeconds {
                return fail(.unhealthy, "it does not do its work after \(Int(limits.provingSeconds)) s: \(why)")
            }
            return .end(.again(seconds: limits.lookPauseSeconds, progress, why))
        case (_, .good?): break
        }
        guard hasChecklist else { return .act(.intend(.prove(id: candidate.id))) }
        switch observed.checklist[candidate.id] {
        case nil:
            return .act(.checklist(id: candidate.id))
        case .working(let step, let seconds)?:
            return .end(.again(seconds: seconds, .checklistRunning, "checklist: \(step)"))
        case .failed(let step, let why)?:
            return fail(.checklistFailed, "checklist, \(step): \(why)")
        case .done?:
            return .act(
                observed.tried.contains(.finalProbe) ? .intend(.prove(id: candidate.id)) : .probe(id: candidate.id))
        }
    }

    /// With somebody to return to, that one takes over again; without, the new one stays and is tried again.
    private func abandonment(_ failure: ContainerFailure, _ roles: ContainerRoles) -> ContainerStep {
        if !observed.tried.contains(.logs) { return .act(.lookLogs(failure)) }
        let told = observed.failure ?? failure
        if roles.proven == nil { return .end(.retry(reason(of: told), told.why)) }
        return .act(.intend(.giveUp(id: failure.id)))
    }

    private func reason(of failure: ContainerFailure) -> Reason {
        let words = failure.why.lowercased()
        let isTaken = ["eaddrinuse", "address already in use", "port is already allocated"].contains {
            words.contains($0)
        }
        if isTaken { return .portInUse }
        return isDataMissing(failure.why) ? .dataMissing : failure.reason
    }
}
