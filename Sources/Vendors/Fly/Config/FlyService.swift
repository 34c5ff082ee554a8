/// A port that Fly's proxy serves.
public struct FlyService: Codable, Sendable, Equatable {
    /// `tcp` or `udp`.
    public var transport: String?
    public var internalPort: Int?
    public var ports: [FlyPort]?
    public var autostart: Bool?
    public var autostop: FlyAutostop?
    public var minMachinesRunning: Int?
    public var concurrency: FlyConcurrency?
    public var checks: [FlyCheck]?

    enum CodingKeys: String, CodingKey {
        case transport = "protocol"
        case internalPort = "internal_port"
        case minMachinesRunning = "min_machines_running"
        case ports, autostart, autostop, concurrency, checks
    }

    public init(
        transport: String? = "tcp", internalPort: Int?, ports: [FlyPort]? = nil, autostart: Bool? = nil,
        autostop: FlyAutostop? = nil, minMachinesRunning: Int? = nil, concurrency: FlyConcurrency? = nil,
        checks: [FlyCheck]? = nil
    ) {
        self.transport = transport
        self.internalPort = internalPort
        self.ports = ports
        self.autostart = autostart
        self.autostop = autostop
        self.minMachinesRunning = minMachinesRunning
        self.concurrency = concurrency
        self.checks = checks
    }
}

public struct FlyPort: Codable, Sendable, Equatable {
    public var port: Int?
    public var handlers: [String]?
    public var forceHTTPS: Bool?

    enum CodingKeys: String, CodingKey {
        case port, handlers
        case forceHTTPS = "force_https"
    }

    public init(port: Int?, handlers: [String]? = nil, forceHTTPS: Bool? = nil) {
        self.port = port
        self.handlers = handlers
        self.forceHTTPS = forceHTTPS
    }
}

public struct FlyConcurrency: Codable, Sendable, Equatable {
    /// `connections` or `requests`.
    public var type: String?
    public var softLimit: Int?
    public var hardLimit: Int?

    enum CodingKeys: String, CodingKey {
        case type
        case softLimit = "soft_limit"
        case hardLimit = "hard_limit"
    }

    public init(type: String?, softLimit: Int?, hardLimit: Int?) {
        self.type = type
        self.softLimit = softLimit
        self.hardLimit = hardLimit
    }
}

/// `off`, `stop` or `suspend`; responses still use the booleans of older clients for the first two.
public struct FlyAutostop: Codable, Sendable, Equatable {
    public var text: String

    public static let off = FlyAutostop(text: "off")
    public static let stop = FlyAutostop(text: "stop")
    public static let suspend = FlyAutostop(text: "suspend")

    public init(text: String) { self.text = text }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = flag ? .stop : .off
        } else {
            text = try container.decode(String.self)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
