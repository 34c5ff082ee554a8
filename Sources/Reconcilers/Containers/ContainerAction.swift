/// One step of a plan. Looks read, intents change memory only, everything else changes the droplet with one call that may
/// be repeated.
enum ContainerAction: Sendable, Equatable {
    case look
    case lookImage
    case lookFiles(id: String)
    /// The end of the log of a container that failed so.
    case lookLogs(ContainerFailure)
    case probe(id: String)

    case intend(Intent)

    case pull
    case prepare
    case create
    case makeData(id: String)
    /// Puts the files into a stopped container and keeps what was there in its layer.
    case place(id: String)
    /// Puts back what `place` found.
    case restore(id: String)
    /// Replaces the files of a running container.
    case push(id: String)
    case start(id: String)
    case stop(id: String)
    case restart(id: String, RestartCause)
    case unpause(id: String)
    case rename(id: String, to: String)
    case remove(id: String)
    case checklist(id: String)

    enum Intent: Sendable, Equatable {
        case create
        /// It was found under our name and mark, and nobody remembers another.
        case adopt(id: String)
        /// It took over.
        case prove(id: String)
        /// It does not take over: this specification is not tried again before the row changes.
        case giveUp(id: String)
        case repair
    }
    enum RestartCause: String, Sendable { case requested, unhealthy }

    var isLook: Bool {
        switch self {
        case .look, .lookImage, .lookFiles, .lookLogs, .probe: true
        default: false
        }
    }

    /// Changes something outside. Memory is stored before it.
    var isMutation: Bool {
        if case .intend = self { return false }
        return !isLook
    }

    /// Takes long, so what is known is stored before it, too. A mutation whose lost answer shows in the next look.
    var isRepeatable: Bool {
        switch self {
        case .pull, .prepare, .makeData, .place, .restore, .push, .checklist: true
        default: false
        }
    }

    /// Makes or removes a container: not done while the droplet is frozen.
    var isCreateOrDelete: Bool {
        switch self {
        case .create, .remove, .intend(.create): true
        default: false
        }
    }
}

extension ContainerAction: CustomStringConvertible {
    var description: String {
        switch self {
        case .look: "look at containers"
        case .lookImage: "look at the image"
        case .lookFiles(let id): "look at files of \(short(id))"
        case .lookLogs(let failure): "read the log of \(short(failure.id))"
        case .probe(let id): "probe \(short(id))"
        case .intend(.create): "store intent to create"
        case .intend(.adopt(let id)): "adopt \(short(id))"
        case .intend(.prove(let id)): "store that \(short(id)) took over"
        case .intend(.giveUp(let id)): "store that \(short(id)) does not take over"
        case .intend(.repair): "store intent to repair"
        case .pull: "pull the image"
        case .prepare: "make what it needs"
        case .create: "create"
        case .makeData(let id): "make the data folder by \(short(id))"
        case .place(let id): "place files in \(short(id))"
        case .restore(let id): "put back files that \(short(id)) replaced"
        case .push(let id): "push files to \(short(id))"
        case .start(let id): "start \(short(id))"
        case .stop(let id): "stop \(short(id))"
        case .restart(let id, let cause): "restart \(short(id)) (\(cause.rawValue))"
        case .unpause(let id): "unpause \(short(id))"
        case .rename(let id, let name): "rename \(short(id)) to \(name)"
        case .remove(let id): "remove \(short(id))"
        case .checklist(let id): "checklist of \(short(id))"
        }
    }

    private func short(_ id: String) -> String { String(id.prefix(12)) }
}

/// What an action brought back.
enum ContainerResult: Sendable, Equatable {
    case done
    case scene(ContainerScene)
    case image(isThere: Bool)
    case created(id: String)
    case files(areRight: Bool)
    case finding(Workload.Finding)
    case checklist(Workload.Checklist)
    case log(String)
    case failed(ContainerProblem)
}

enum ContainerStep: Sendable, Equatable {
    case act(ContainerAction)
    case end(RunEnding)
}
