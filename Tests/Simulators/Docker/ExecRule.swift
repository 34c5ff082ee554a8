extension DockerSimulator {
    /// What a command in a container does. What was said last and matches counts; a command that nothing matches is
    /// not found.
    public struct ExecRule: Sendable {
        /// Glob over the arguments, joined with spaces.
        public var command: String
        /// Globs over the container's name and its image.
        public var container = "*"
        public var image = "*"
        /// Only where all of these marks are in the container's layer.
        public var needs: Set<String> = []
        public var exitCode = 0
        public var output = ""
        public var errors = ""
        public var duration = Duration.zero
        /// Left in the container's layer when it ends well; lost when the container is recreated.
        public var marks: Set<String> = []
        public var unmarks: Set<String> = []
        /// Files that it writes when it ends well.
        public var writes: [String: File] = [:]
        /// Moves that it does when it ends well: path to path.
        public var moves: [String: String] = [:]
        /// Files that it removes when it ends well.
        public var removes: [String] = []
        /// So many commands; `nil`: all.
        public var times: Int?

        public init(
            _ command: String, exitCode: Int = 0, output: String = "", _ more: (inout ExecRule) -> Void = { _ in }
        ) {
            self.command = command
            self.exitCode = exitCode
            self.output = output
            more(&self)
        }
    }

    /// A file, folder or link in a container or on the host.
    public struct File: Sendable, Hashable {
        public enum Kind: Sendable, Hashable {
            case file, folder
            case link(String)
        }
        public var kind = Kind.file
        public var bytes: [UInt8] = []
        public var uid = 0
        public var gid = 0
        /// Permissions.
        public var mode = 0o644
        /// Unix seconds.
        public var changedAt = 0

        public init(_ text: String = "", uid: Int = 0, gid: Int = 0, mode: Int = 0o644) {
            bytes = Array(text.utf8)
            self.uid = uid
            self.gid = gid
            self.mode = mode
        }

        public static let folder: File = {
            var file = File(mode: 0o755)
            file.kind = .folder
            return file
        }()
        public var text: String { String(decoding: bytes, as: UTF8.self) }
    }
}

struct DockerExec: Sendable {
    var id: String
    var container: String
    var command: [String]
    var user: String
    var workingDirectory: String
    var environment: [String]
    var isTTY: Bool
    var isPrivileged: Bool
    var hasStarted = false
    var isRunning = false
    var exitCode: Int?
    var pid = 0
    /// What it has said, framed.
    var said: [UInt8] = []
    var rule: DockerSimulator.ExecRule?
}
