/// Why a daemon did not do what it was asked to. Holds the daemon's words (bounded), never ours: no header, no body,
/// no query.
public struct DockerError: Error, Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// The container, exec, network or volume that was asked for does not exist.
        case notFound
        /// The container is there (unless a `stat` asked), the path in it is not.
        case noSuchPath
        /// What the container needs is missing: a network, a volume, a folder of the host.
        case needMissing
        /// The image is not on the host (create) or not in the registry (pull).
        case noSuchImage
        /// The name is in use; by which container, when the daemon says so: inspect it, adopt or replace.
        case nameTaken(by: String?)
        /// Not possible while it runs.
        case running
        /// Not possible while it does not run.
        case notRunning
        case paused
        /// Volume, network or image that a container uses.
        case inUse
        /// Its removal is under way: wait until it is gone.
        case removalInProgress
        /// The command was started before; inspect the exec.
        case alreadyStarted
        /// 409 of another sort. Look again soon.
        case conflict
        /// The request itself is wrong and stays wrong until the desired state changes.
        case invalid
        /// The container's command is missing or not executable.
        case cannotExecute
        /// Another process or container has the port on the host.
        case portInUse
        /// The registry wants (another) login, or the daemon another certificate.
        case unauthorized
        case forbidden
        case diskFull
        /// The daemon could not reach the registry.
        case unreachable
        /// The registry's limit on pulls.
        case rateLimited
        /// The wait ended first; nothing was changed.
        case timedOutWaiting
        /// The daemon tried and could not; its words say why. The object may be half done: inspect it.
        case failed
        /// There is no version of the API that both speak.
        case versionRefused
        /// Nothing was changed by this call: not sent, refused by a breaker, or a read that failed.
        case unavailable
        /// The change may have happened: look it up before repeating it.
        case outcomeUnknown
    }

    public var kind: Kind
    public var action: DockerAction
    public var target: String
    public var status: Int?
    /// The daemon's text, at most 500 characters, or what happened to the connection.
    public var message: String

    public init(
        _ kind: Kind, _ action: DockerAction, target: String, status: Int? = nil, message: String = ""
    ) {
        self.kind = kind
        self.action = action
        self.target = target
        self.status = status
        self.message = String(message.prefix(500))
    }

    /// Repeating the same request cannot help: somebody has to change rows, image, login or daemon.
    public var isTerminal: Bool {
        switch kind {
        case .invalid, .cannotExecute, .unauthorized, .forbidden, .versionRefused: true
        default: false
        }
    }

    /// Safe to repeat without a look: this call changed nothing.
    public var isSurelyUnchanged: Bool { kind != .outcomeUnknown && kind != .failed }
}

extension DockerError: CustomStringConvertible {
    public var description: String {
        var text = "docker \(action.rawValue) \(target): \(kind)"
        if let status { text += " (HTTP \(status))" }
        if !message.isEmpty { text += ": \(message)" }
        return text + advice.map { "; \($0)" }.joined()
    }

    private var advice: [String] {
        switch kind {
        case .noSuchImage: ["pull it, or correct the reference"]
        case .nameTaken: ["inspect the holder, then adopt or replace it"]
        case .running: ["stop it first"]
        case .notRunning: ["start it first"]
        case .paused: ["unpause it"]
        case .inUse: ["remove the containers that use it first"]
        case .removalInProgress: ["wait until it is gone"]
        case .alreadyStarted: ["inspect the exec"]
        case .cannotExecute: ["correct the command or the image"]
        case .portInUse: ["free the port on the host or choose another one"]
        case .unauthorized: ["check login and certificate"]
        case .diskFull: ["free space on the host"]
        case .unreachable: ["check the host's way to the registry"]
        case .versionRefused: ["bring docker on the host to a version that is supported"]
        case .failed: ["inspect the object"]
        case .outcomeUnknown: ["look it up before repeating"]
        case .needMissing: ["make what is missing"]
        case .notFound, .noSuchPath, .conflict, .invalid, .forbidden, .rateLimited, .timedOutWaiting, .unavailable: []
        }
    }
}
