import FoundationEssentials

/// `registry/repository:tag` or `…@sha256:…`, parsed. Without either, `latest` is meant: dockerd would pull all tags.
public struct DockerImageReference: Sendable, Hashable, CustomStringConvertible {
    /// With the registry's host, if one was given.
    public let repository: String
    /// Tag, or digest with its algorithm.
    public let version: String

    public init(_ text: String) throws {
        var rest = Substring(text)
        var found: Substring?
        if let at = rest.firstIndex(of: "@") {
            found = rest[rest.index(after: at)...]
            rest = rest[..<at]
        }
        // A colon before the last slash belongs to the registry's port.
        let name = rest.lastIndex(of: "/").map { rest.index(after: $0) } ?? rest.startIndex
        if let colon = rest[name...].firstIndex(of: ":") {
            found = found ?? rest[rest.index(after: colon)...]
            rest = rest[..<colon]
        }
        let version = found ?? "latest"
        guard !rest.isEmpty, rest.utf8.count <= 255, version.utf8.count <= 200, !version.isEmpty,
            rest.utf8.allSatisfy({ Self.isPlain($0, "._-/:") }), version.utf8.allSatisfy({ Self.isPlain($0, "._-:") }),
            !rest.hasPrefix("/"), !rest.hasSuffix("/"), !rest.contains("//")
        else {
            throw DockerError(
                .invalid, .pullImage, target: String(text.prefix(300)), message: "not an image reference")
        }
        repository = String(rest)
        self.version = String(version)
    }

    public var description: String { version.contains(":") ? "\(repository)@\(version)" : "\(repository):\(version)" }

    private static func isPlain(_ byte: UInt8, _ extra: String) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: extra.utf8.contains(byte)
        }
    }
}

/// An image on the host.
public struct DockerImage: Decodable, Sendable, Equatable {
    /// `sha256:…` of its configuration.
    public var id: String
    public var tags: [String]
    /// `repository@sha256:…`, as the registry knows it.
    public var digests: [String]
    public var sizeBytes: Int64?
    public var createdAt: String?
    public var architecture: String?

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        id = try fields.need("Id")
        tags = fields.find("RepoTags") ?? []
        digests = fields.find("RepoDigests") ?? []
        sizeBytes = fields.find("Size")
        createdAt = fields.find("Created")
        architecture = fields.find("Architecture")
    }
}

/// A login that can be sent but not printed: descriptions, dumps and interpolations show no part of it.
public struct DockerRegistryLogin: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let user: String
    private let password: String
    private let server: String

    /// - Parameter server: the registry's host, `registry.fly.io`.
    public init(user: String, password: String, server: String) {
        self.user = user
        self.password = password
        self.server = server
    }

    /// Value of `X-Registry-Auth`: base64url with padding, as Go's `URLEncoding` reads it.
    func header() throws -> String {
        let body = DockerJSON.fields([
            "username": .text(user), "password": .text(password), "serveraddress": .text(server),
        ])
        return Data(try encoded(body)).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }

    public var description: String { "DockerRegistryLogin" }
    public var debugDescription: String { "DockerRegistryLogin" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// One step of a pull: `Downloading` layer `id`, so many bytes of so many.
public struct DockerPullProgress: Decodable, Sendable, Equatable {
    public var status: String
    public var layer: String?
    public var currentBytes: Int64?
    public var totalBytes: Int64?

    public init(from decoder: any Decoder) throws {
        struct Detail: Decodable {
            var current: Int64?
            var total: Int64?
        }
        let fields = try DockerFields(decoder)
        status = fields.find("status") ?? ""
        layer = fields.find("id")
        let detail: Detail? = fields.find("progressDetail")
        currentBytes = detail?.current
        totalBytes = detail?.total
    }
}
