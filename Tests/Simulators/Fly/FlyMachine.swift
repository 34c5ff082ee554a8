/// A machine as the platform knows it.
struct FlyMachine: Sendable {
    enum State: String, Sendable {
        case created, starting, started, stopping, stopped, suspending, suspended, restarting, replacing
        case failed
        case launchFailed = "launch_failed"
        case destroying, destroyed

        /// Passing states end by themselves.
        var isPassing: Bool {
            switch self {
            case .created, .started, .stopped, .suspended, .failed, .destroyed: false
            default: true
            }
        }
    }

    let id: String
    let app: String
    let name: String
    let region: String
    let zone: String
    let privateIP: String
    let createdAt: Duration
    /// Lists of the app that had been served when it was created.
    let createdAtList: Int
    var updatedAt: Duration
    var state = State.created
    var instanceID: String
    var config: JSON { didSet { render() } }
    var volume: String?
    var events: [FlyEvent] = []
    var versions: [(id: String, configText: String)] = []
    var cordoned = false
    var lease: FlyLease?
    var hostUnreachable = false
    var startedAt: Duration?
    var destroyedAt: Duration?
    /// While the host prepares a created machine it cannot be started.
    var preparedAt = Duration.zero
    var restartCount = 0
    /// What tests set checks to; until the next version.
    var checkStatus: String?
    var steps: [Step] = []
    /// Grows with each command; steps of an older epoch don't count.
    var epoch = 0
    var revision = 0

    /// Configuration and image as texts, because they are shown more often than changed.
    private(set) var configText = ""
    private(set) var imageText = ""

    var isLive: Bool { destroyedAt == nil }
    var image: String { config["image"]?.string ?? "" }

    mutating func render() {
        configText = config.description
        imageText = ImageReference(image)?.text ?? "null"
    }
}

struct FlyEvent: Sendable {
    var id: String
    var type: String
    var status: String
    var source: String
    var timestamp: Int
    var exit: FlyExit?
    var restartCount: Int
}

struct FlyExit: Sendable {
    var code = 0
    var requestedStop = false
    var isOutOfMemory = false
}

struct FlyLease: Sendable {
    var nonce: String
    var expiresAt: Duration
    var owner: String
    var description: String
    var version: String
    /// Taken through the API, so by the token under test.
    var isOurs = true
}
