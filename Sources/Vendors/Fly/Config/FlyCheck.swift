/// A health check, named in `FlyMachineConfig.checks` or part of a service.
public struct FlyCheck: Codable, Sendable, Equatable {
    /// `tcp` or `http`.
    public var type: String?
    public var port: Int?
    public var interval: FlyDuration?
    public var timeout: FlyDuration?
    public var gracePeriod: FlyDuration?
    public var method: String?
    public var path: String?
    /// `http` or `https`.
    public var scheme: String?

    enum CodingKeys: String, CodingKey {
        case type, port, interval, timeout, method, path
        case gracePeriod = "grace_period"
        case scheme = "protocol"
    }

    public init(
        type: String?, port: Int?, interval: FlyDuration? = nil, timeout: FlyDuration? = nil,
        gracePeriod: FlyDuration? = nil, method: String? = nil, path: String? = nil, scheme: String? = nil
    ) {
        self.type = type
        self.port = port
        self.interval = interval
        self.timeout = timeout
        self.gracePeriod = gracePeriod
        self.method = method
        self.path = path
        self.scheme = scheme
    }
}
