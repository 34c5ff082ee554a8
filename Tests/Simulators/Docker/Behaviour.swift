extension DockerSimulator {
    /// What the process of a container does.
    public struct Behaviour: Sendable, Hashable {
        public enum Life: Sendable, Hashable {
            /// Serves; the health check passes after this time.
            case serves(healthyAfter: Duration)
            /// Runs; the health check never passes.
            case neverHealthy
            case exits(code: Int, after: Duration)
            /// Killed by the kernel: `oom`, then exit 137.
            case oom(after: Duration)
            /// Carries out its argument list on the files that it sees, and ends (`FileTools.swift`).
            case fileTool
            /// The start itself is refused (400).
            case cannotExecute(String)
        }
        public var life: Life
        /// Only SIGKILL ends it.
        public var ignoresTerm = false
        /// From SIGTERM to the exit.
        public var termDelay = Duration.zero
        /// Exit code after SIGTERM.
        public var termCode = 0
        /// Lines on standard output when it starts.
        public var output: [String] = []

        public init(_ life: Life) { self.life = life }

        public static let runs = Behaviour(.serves(healthyAfter: .zero))
        public static func healthy(after: Duration) -> Behaviour { Behaviour(.serves(healthyAfter: after)) }
        public static let neverHealthy = Behaviour(.neverHealthy)
        public static func crashes(code: Int, after: Duration = .zero) -> Behaviour {
            Behaviour(.exits(code: code, after: after))
        }
        public static func oom(after: Duration = .zero) -> Behaviour { Behaviour(.oom(after: after)) }
        public static func cannotExecute(_ command: String) -> Behaviour { Behaviour(.cannotExecute(command)) }
        public static let fileTool = Behaviour(.fileTool)
        public static let ignoresTerm = runs.with { $0.ignoresTerm = true }

        /// A copy with a change.
        public func with(_ change: (inout Behaviour) -> Void) -> Behaviour {
            var copy = self
            change(&copy)
            return copy
        }
    }

    /// Whose processes behave so. What was said last counts, from the next start of a process on.
    public struct BehaviourRule: Sendable {
        /// Globs.
        public var image: String
        public var container: String
        /// `key=value` or `key`; `nil`: any container.
        public var label: String?
        public var behaviour: Behaviour

        public init(_ behaviour: Behaviour, image: String = "*", container: String = "*", label: String? = nil) {
            self.behaviour = behaviour
            self.image = image
            self.container = container
            self.label = label
        }
    }

    /// An image of the pretended registry.
    public struct Image: Sendable {
        /// `ghcr.io/openclaw/openclaw:2026.2.22`.
        public var reference: String
        /// `sha256:` and 64 hex digits; `nil`: made from the seed.
        public var digest: String?
        public var behaviour = Behaviour.runs
        /// `user:password` that a pull needs.
        public var login: String?
        public var environment: [String] = []
        public var labels: [String: String] = [:]
        public var user = ""
        public var command: [String] = []
        /// Whether the image itself has a health check.
        public var hasHealthcheck = false
        public var sizeBytes = 400 << 20
        public var layers = 2
        /// How long a pull takes.
        public var pullDuration = Duration.zero

        public init(_ reference: String, _ change: (inout Image) -> Void = { _ in }) {
            self.reference = reference
            change(&self)
        }
    }

    /// How pulls of an image fail.
    public enum PullFailure: Sendable, Hashable {
        /// 500: the registry cannot be reached.
        case unreachable
        /// 500: too many pulls.
        case rateLimited
        /// 200, and the disk is full in the middle of the stream.
        case diskFull
        /// 200, and these words in the middle of the stream.
        case inStream(String)
        /// 200, and the stream stands still for ever.
        case stalls
        /// Refused with these words.
        case status(Int, String)
    }

    /// Counts against each matching pull.
    struct PullRule: Sendable {
        var reference: String
        var failure: PullFailure
        var times: Int?
    }
}
