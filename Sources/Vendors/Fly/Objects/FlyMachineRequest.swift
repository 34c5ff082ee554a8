/// A new machine. The name is the only idempotency there is: make it deterministic.
public struct FlyMachineRequest: Encodable, Sendable, Equatable {
    public var name: String
    public var region: String
    public var config: FlyMachineConfig
    public var skipLaunch: Bool?
    public var leaseTTLSeconds: Int?

    enum CodingKeys: String, CodingKey {
        case name, region, config
        case skipLaunch = "skip_launch"
        case leaseTTLSeconds = "lease_ttl"
    }

    public init(
        name: String, region: String, config: FlyMachineConfig, skipLaunch: Bool? = nil, leaseTTLSeconds: Int? = nil
    ) {
        self.name = name
        self.region = region
        self.config = config
        self.skipLaunch = skipLaunch
        self.leaseTTLSeconds = leaseTTLSeconds
    }
}

/// A machine's new configuration, always whole.
public struct FlyMachineUpdate: Encodable, Sendable, Equatable {
    public var config: FlyMachineConfig
    /// The `instance_id` the caller saw; refused as `staleVersion` when it moved on.
    public var currentVersion: String?
    public var skipLaunch: Bool?

    enum CodingKeys: String, CodingKey {
        case config
        case currentVersion = "current_version"
        case skipLaunch = "skip_launch"
    }

    public init(config: FlyMachineConfig, currentVersion: String? = nil, skipLaunch: Bool? = nil) {
        self.config = config
        self.currentVersion = currentVersion
        self.skipLaunch = skipLaunch
    }
}

/// What `waitMachine` waits for.
public enum FlyWaitState: String, Sendable, CaseIterable {
    case started, stopped, suspended, destroyed, failed, settled
}

/// Answer of a wait that came true.
public struct FlyWaitAnswer: Decodable, Sendable, Equatable {
    public var state: String?
    public var version: String?
}
