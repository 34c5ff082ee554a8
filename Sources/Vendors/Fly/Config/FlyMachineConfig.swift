/// A machine's configuration: what we write whole on create and update, and what the vendor echoes with defaults
/// added. Only fields of contract fly are written; unknown ones are ignored when read.
public struct FlyMachineConfig: Codable, Sendable, Equatable {
    public var image: String?
    public var env: [String: String]?
    public var guest: FlyGuest?
    public var mounts: [FlyMount]?
    public var services: [FlyService]?
    public var checks: [String: FlyCheck]?
    public var metadata: [String: String]?
    public var restart: FlyRestart?
    public var autoDestroy: Bool?
    public var stopConfig: FlyStopConfig?
    public var initialization: FlyInit?

    enum CodingKeys: String, CodingKey {
        case image, env, guest, mounts, services, checks, metadata, restart
        case autoDestroy = "auto_destroy"
        case stopConfig = "stop_config"
        case initialization = "init"
    }

    public init(
        image: String?, env: [String: String]? = nil, guest: FlyGuest? = nil, mounts: [FlyMount]? = nil,
        services: [FlyService]? = nil, checks: [String: FlyCheck]? = nil, metadata: [String: String]? = nil,
        restart: FlyRestart? = nil, autoDestroy: Bool? = nil, stopConfig: FlyStopConfig? = nil,
        initialization: FlyInit? = nil
    ) {
        self.image = image
        self.env = env
        self.guest = guest
        self.mounts = mounts
        self.services = services
        self.checks = checks
        self.metadata = metadata
        self.restart = restart
        self.autoDestroy = autoDestroy
        self.stopConfig = stopConfig
        self.initialization = initialization
    }
}

/// Environment values can be secrets, so a config describes itself without any value.
extension FlyMachineConfig: CustomStringConvertible, CustomReflectable {
    public var description: String { "FlyMachineConfig(\(image ?? "no image"), \(env?.count ?? 0) env)" }
    public var customMirror: Mirror { Mirror(self, children: ["image": image as Any, "env": env?.count as Any]) }
}

public struct FlyGuest: Codable, Sendable, Equatable {
    /// `shared` or `performance`.
    public var cpuKind: String?
    public var cpus: Int?
    /// A multiple of 256.
    public var memoryMB: Int?

    enum CodingKeys: String, CodingKey {
        case cpus
        case cpuKind = "cpu_kind"
        case memoryMB = "memory_mb"
    }

    public init(cpuKind: String?, cpus: Int?, memoryMB: Int?) {
        self.cpuKind = cpuKind
        self.cpus = cpus
        self.memoryMB = memoryMB
    }
}

/// The volume of a machine; it cannot be changed by an update.
public struct FlyMount: Codable, Sendable, Equatable {
    public var volume: String?
    public var path: String?
    public var name: String?

    public init(volume: String?, path: String?, name: String? = nil) {
        self.volume = volume
        self.path = path
        self.name = name
    }
}

public struct FlyRestart: Codable, Sendable, Equatable {
    /// `no`, `on-failure` or `always`.
    public var policy: String?
    public var maxRetries: Int?

    enum CodingKeys: String, CodingKey {
        case policy
        case maxRetries = "max_retries"
    }

    public init(policy: String?, maxRetries: Int? = nil) {
        self.policy = policy
        self.maxRetries = maxRetries
    }
}

public struct FlyStopConfig: Codable, Sendable, Equatable {
    public var signal: String?
    public var timeout: FlyDuration?

    public init(signal: String? = nil, timeout: FlyDuration? = nil) {
        self.signal = signal
        self.timeout = timeout
    }
}

public struct FlyInit: Codable, Sendable, Equatable {
    public var exec: [String]?
    public var entrypoint: [String]?
    public var cmd: [String]?

    public init(exec: [String]? = nil, entrypoint: [String]? = nil, cmd: [String]? = nil) {
        self.exec = exec
        self.entrypoint = entrypoint
        self.cmd = cmd
    }
}
