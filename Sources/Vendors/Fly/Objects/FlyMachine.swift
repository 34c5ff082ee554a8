/// A machine as the vendor shows it. Only the id is certain.
public struct FlyMachine: Decodable, Sendable, Equatable {
    public var id: String
    public var name: String?
    public var state: String?
    public var region: String?
    /// New with every update.
    public var instanceID: String?
    public var privateIP: String?
    /// Nil when it could not be read or the host is down: unknown, not empty.
    public var config: FlyMachineConfig?
    public var imageRef: FlyImageRef?
    public var checks: [FlyCheckStatus]?
    /// Newest first.
    public var events: [FlyEvent]?
    /// `ok`, `unknown` or `unreachable`.
    public var hostStatus: String?
    public var cordoned: Bool?
    /// Of the lease that a create with `leaseTTLSeconds` took.
    public var nonce: String?
    public var createdAt: String?
    public var updatedAt: String?

    enum CodingKeys: String, CodingKey {
        case id, name, state, region, config, checks, events, cordoned, nonce, version
        case instanceID = "instance_id"
        case privateIP = "private_ip"
        case imageRef = "image_ref"
        case hostStatus = "host_status"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = try fields.decode(String.self, forKey: .id)
        name = try? fields.decodeIfPresent(String.self, forKey: .name)
        state = try? fields.decodeIfPresent(String.self, forKey: .state)
        region = try? fields.decodeIfPresent(String.self, forKey: .region)
        let version = try? fields.decodeIfPresent(String.self, forKey: .version)
        instanceID = (try? fields.decodeIfPresent(String.self, forKey: .instanceID)) ?? version
        privateIP = try? fields.decodeIfPresent(String.self, forKey: .privateIP)
        config = try? fields.decodeIfPresent(FlyMachineConfig.self, forKey: .config)
        imageRef = try? fields.decodeIfPresent(FlyImageRef.self, forKey: .imageRef)
        checks = try? fields.decodeIfPresent([FlyCheckStatus].self, forKey: .checks)
        events = try? fields.decodeIfPresent([FlyEvent].self, forKey: .events)
        hostStatus = try? fields.decodeIfPresent(String.self, forKey: .hostStatus)
        cordoned = try? fields.decodeIfPresent(Bool.self, forKey: .cordoned)
        nonce = try? fields.decodeIfPresent(String.self, forKey: .nonce)
        createdAt = try? fields.decodeIfPresent(String.self, forKey: .createdAt)
        updatedAt = try? fields.decodeIfPresent(String.self, forKey: .updatedAt)
    }

    /// Destroyed is the same as 404 (contract fly, "after destroy").
    public var isGone: Bool { state == "destroyed" }

    /// The host is known to be down: what it shows is old, and nothing that is done to it can succeed.
    public var isHostDown: Bool { hostStatus == "unreachable" }
}

public struct FlyImageRef: Decodable, Sendable, Equatable {
    public var registry: String?
    public var repository: String?
    public var tag: String?
    public var digest: String?
}

/// One health check's last result: `passing`, `warning` or `critical`.
public struct FlyCheckStatus: Decodable, Sendable, Equatable {
    public var name: String?
    public var status: String?
    /// The answer of the probe; may hold anything the assistant prints: not for logs.
    public var output: String?
    public var updatedAt: String?

    enum CodingKeys: String, CodingKey {
        case name, status, output
        case updatedAt = "updated_at"
    }
}

public struct FlyEvent: Decodable, Sendable, Equatable {
    public var type: String?
    public var status: String?
    public var source: String?
    /// Milliseconds since 1970.
    public var timestamp: Int64?
    public var request: FlyEventRequest?
}

public struct FlyEventRequest: Decodable, Sendable, Equatable {
    public var exitEvent: FlyExitEvent?
    public var restartCount: Int?

    enum CodingKeys: String, CodingKey {
        case exitEvent = "exit_event"
        case restartCount = "restart_count"
    }
}

public struct FlyExitEvent: Decodable, Sendable, Equatable {
    public var exitCode: Int?
    public var guestExitCode: Int?
    public var oomKilled: Bool?
    public var requestedStop: Bool?

    enum CodingKeys: String, CodingKey {
        case exitCode = "exit_code"
        case guestExitCode = "guest_exit_code"
        case oomKilled = "oom_killed"
        case requestedStop = "requested_stop"
    }
}
