import Vendors

extension ContainerView {
    /// A change that was answered: what is seen moves with it, or is looked at anew.
    mutating func foldChange(_ action: ContainerAction, _ result: ContainerResult) {
        switch action {
        case .create:
            observed.tried.insert(.create)
            observed.scene = nil
        case .makeData:
            memory.dataMadeAt = now
            // What made the folder goes, and the real one is made.
            observed.tried.subtract([.create, .intendCreate])
        case .place(let id):
            observed.tried.formUnion([.place(id), .files])
        case .restore(let id):
            observed.tried.insert(.restore(id))
            observed.tried.subtract([.files, .filesSeen])
        case .start(let id):
            observed.tried.insert(.start(id))
            observed.probe[id] = nil
            // A container that starts now has been restarted, too.
            noteRestart()
            observed.scene = nil
        case .stop(let id):
            observed.tried.insert(.stop(id))
            observed.scene?[id]?.state = .exited
        case .restart(let id, let cause):
            observed.tried.insert(.restart)
            observed.probe[id] = nil
            if cause == .requested { noteRestart() }
            observed.scene = nil
        case .unpause(let id):
            observed.tried.insert(.unpause(id))
            observed.probe[id] = nil
            observed.scene = nil
        case .rename(let id, let name):
            observed.scene?[id]?.name = name
        case .remove(let id):
            observed.tried.insert(.remove(id))
            observed.scene?[id] = nil
            // The absence of the last one is seen before it is believed.
            if observed.scene?.ours.isEmpty ?? true { observed.scene = nil }
        default:
            break
        }
    }

    mutating func foldFailure(_ action: ContainerAction, _ problem: ContainerProblem) {
        switch (action, problem.kind) {
        case (_, .outcomeUnknown):
            observed.lost = action
            observed.surprises += 1
            if observed.surprises > 3 { observed.problem = problem }
            if case .restart(let id, _) = action { observed.startBeforeRestart = observed.scene?[id]?.startedAt }
            observed.scene = nil
        case (.lookImage, .noSuchImage):
            observed.hasImage = false
        case (.create, .noSuchImage) where !observed.tried.contains(.pull):
            observed.hasImage = false
        case (.start(let id), _) where problem.isOfContainer:
            foldRefusedStart(id, problem)
        case (.lookLogs(let failure), _):
            observed.tried.insert(.logs)
            observed.failure = failure
        case (_, _) where problem.isSurprise && observed.surprises < 3:
            observed.surprises += 1
            observed.scene = nil
        default:
            observed.problem = problem
        }
    }

    /// Of a new container it is a reason to give it up; the one that serves may be wanted for a while only.
    private mutating func foldRefusedStart(_ id: String, _ problem: ContainerProblem) {
        observed.tried.insert(.start(id))
        if id != memory.containerID {
            observed.failure = ContainerFailure(id: id, reason: .startFailed, why: problem.text)
        } else if observed.hasImage != false {
            observed.problem = problem
        }
    }
}
