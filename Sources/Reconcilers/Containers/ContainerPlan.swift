/// The actions that would close the gap, as far as they can be foreseen: up to the first look, whose answer decides.
struct ContainerPlan: Sendable, Equatable {
    var actions: [ContainerAction] = []
    /// Nil when the plan ends with a look.
    var ending: RunEnding?

    /// Foresees by assuming that every call does what it is for.
    init(_ view: ContainerView) {
        var view = view
        for _ in 0..<40 {
            switch view.next() {
            case .end(let ending):
                self.ending = ending
                return
            case .act(let action):
                actions.append(action)
                guard let result = Self.expected(action) else { return }
                let before = view.observed.scene
                view.fold(action, result)
                if view.observed.scene == nil { view.observed.scene = Self.after(action, before, view) }
            }
        }
    }

    /// Nil for looks and for what may show anything.
    private static func expected(_ action: ContainerAction) -> ContainerResult? {
        switch action {
        case .look, .lookImage, .lookFiles, .lookLogs: nil
        case .probe: .finding(.good)
        case .checklist: .checklist(.done)
        case .create: .created(id: "(new)")
        default: .done
        }
    }

    /// What a look would show after a change that goes well.
    private static func after(
        _ action: ContainerAction, _ before: ContainerScene?, _ view: ContainerView
    ) -> ContainerScene? {
        guard var scene = before else { return nil }
        switch action {
        case .create:
            var made = ContainerSight(
                id: "(new)", name: view.desired.nextName, epoch: view.memory.epoch, hash: view.desired.specHash,
                state: .created)
            made.makesFolders = view.desired.data != nil && view.memory.dataMadeAt == nil
            scene[made.id] = made
        case .start(let id), .restart(let id, _), .unpause(let id):
            scene[id]?.state = .running
        case .remove(let id):
            scene[id] = nil
        default: break
        }
        return scene
    }
}
