import Foundation

extension DockerSimulator {
    /// How the simulated daemon behaves. The defaults are the kindest daemon possible: nothing takes time.
    public struct Options: Sendable {
        /// Newest API version served: `1.41` is Debian 12's 20.10, up to `1.55`.
        public var version = "1.41"
        /// Oldest API version served.
        public var oldestVersion = "1.12"
        /// What the daemon calls itself.
        public var release = "20.10.24"
        /// What tells this engine from others.
        public var engineID = UUID().uuidString
        public var clock = SimulatorClock.Mode.real
        /// Seed of ids.
        public var seed: UInt64 = 1
        /// Where to put the unix socket; `nil`: a new file in the temporary folder.
        public var socket: String?
        /// Port on 127.0.0.1; 0 lets the system choose.
        public var port = 0
        /// How long a removal takes: the container is `removing` for so long.
        public var removalDelay = Duration.zero
        /// From the start of a process to its exit when its port is taken on the host.
        public var portConflictDelay = Duration.seconds(1)
        /// Variables and labels that name a gateway's port, looked at in this order.
        public var portVariables = ["OPENCLAW_GATEWAY_PORT", "GATEWAY_PORT", "PORT"]
        public var portLabels = ["pa.port", "port"]
        /// Folders that every image has.
        public var folders = [
            "/bin", "/etc", "/home", "/home/node", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/usr/bin",
            "/usr/local", "/usr/local/bin", "/var", "/var/lib", "/app",
        ]
        /// Events that the daemon remembers.
        public var eventMemory = 256

        public init() {}
    }
}

/// `1.41` as something that can be compared.
struct EngineVersion: Comparable, Sendable {
    var major: Int
    var minor: Int

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return nil }
        self.major = major
        self.minor = minor
    }

    init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    static func < (one: EngineVersion, other: EngineVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }
}
