import Outbound

extension DockerClient {
    /// The newest version that the daemon speaks.
    public func ping() async throws -> DockerVersion {
        let call = DockerCall.get(.ping, "\(endpoint)", ["_ping"]).with {
            $0.isUnversioned = true
            $0.total = .seconds(20)
        }
        let response = try await send(call)
        guard let version = response.headers["api-version"].flatMap({ DockerVersion($0) }) else {
            throw DockerError(
                .unavailable, .ping, target: call.target, status: response.status,
                message: "what answers does not name an API version: not a Docker daemon")
        }
        return version
    }

    public func version() async throws -> DockerDaemon {
        try await read(.get(.version, "\(endpoint)", ["version"]))
    }

    /// Which engine answers here.
    public func info() async throws -> DockerEngine {
        try await read(.get(.info, "\(endpoint)", ["info"]).with { $0.total = .seconds(20) })
    }
}

/// Which daemon this is.
public struct DockerDaemon: Decodable, Sendable, Equatable {
    /// `20.10.24+dfsg1`.
    public var version: String
    public var newestAPI: String
    public var oldestAPI: String?
    public var operatingSystem: String?
    public var architecture: String?

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        version = try fields.need("Version")
        newestAPI = try fields.need("ApiVersion")
        oldestAPI = fields.find("MinAPIVersion")
        operatingSystem = fields.find("Os")
        architecture = fields.find("Arch")
    }
}

/// What an engine says of itself.
public struct DockerEngine: Decodable, Sendable, Equatable {
    /// The engine's own identity: survives restarts and updates, and no two engines have the same (unless a host was
    /// cloned). Its form is not part of the API.
    public var id: String
    /// The host's name.
    public var name: String?
    /// `20.10.24+dfsg1`.
    public var version: String?

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        id = try fields.need("ID")
        name = fields.find("Name")
        version = fields.find("ServerVersion")
        guard !id.isEmpty else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "the engine has no identity"))
        }
    }
}

/// Whether a change was needed.
public enum DockerChange: Sendable, Equatable {
    case done
    /// It was so before (304, or gone already).
    case already
}

extension DockerClient {
    func change(_ call: DockerCall) async throws -> DockerChange {
        try await send(call).status == 304 ? .already : .done
    }

    /// Gone is what a removal is for.
    func remove(_ call: DockerCall) async throws -> DockerChange {
        do {
            try await send(call)
            return .done
        } catch let error as DockerError where error.kind == .notFound || error.kind == .noSuchImage {
            return .already
        }
    }
}
