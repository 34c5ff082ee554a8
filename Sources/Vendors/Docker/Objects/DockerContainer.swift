/// A container as inspect shows it.
public struct DockerContainer: Decodable, Sendable, Equatable {
    /// 64 hex digits.
    public var id: String
    /// Without the slash in front.
    public var name: String
    public var createdAt: String?
    /// `sha256:…` of the image that it runs.
    public var imageID: String
    /// The reference that it was made from; where that points today may have moved on.
    public var image: String
    public var labels: [String: String]
    /// May hold secrets: not for logs.
    public var environment: [String]
    public var command: [String]
    public var entrypoint: [String]
    public var hostname: String?
    public var user: String
    public var hasTerminal: Bool
    public var state: DockerState
    public var restartCount: Int
    public var host: DockerHostConfig
    /// Networks it is in, by name, with its address there.
    public var networks: [String: DockerEndpointAddress]

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        id = try fields.need("Id")
        let path: String = try fields.need("Name")
        name = path.hasPrefix("/") ? String(path.dropFirst()) : path
        createdAt = fields.find("Created")
        imageID = try fields.need("Image")
        state = try fields.need("State")
        restartCount = fields.find("RestartCount") ?? 0
        host = try fields.need("HostConfig")
        let config: Config = try fields.need("Config")
        image = config.image
        labels = config.labels
        environment = config.environment
        command = config.command
        entrypoint = config.entrypoint
        hostname = config.hostname
        user = config.user
        hasTerminal = config.hasTerminal
        struct Settings: Decodable {
            var networks: [String: DockerEndpointAddress]
            init(from decoder: any Decoder) throws { networks = try DockerFields(decoder).find("Networks") ?? [:] }
        }
        let settings: Settings? = fields.find("NetworkSettings")
        networks = settings?.networks ?? [:]
    }

    private struct Config: Decodable {
        var image: String
        var labels: [String: String]
        var environment: [String]
        var command: [String]
        var entrypoint: [String]
        var hostname: String?
        var user: String
        var hasTerminal: Bool

        init(from decoder: any Decoder) throws {
            let fields = try DockerFields(decoder)
            image = try fields.need("Image")
            labels = fields.find("Labels") ?? [:]
            environment = fields.find("Env") ?? []
            command = fields.find("Cmd") ?? []
            entrypoint = fields.find("Entrypoint") ?? []
            hostname = fields.find("Hostname")
            user = fields.find("User") ?? ""
            hasTerminal = fields.find("Tty") ?? false
        }
    }
}

public struct DockerEndpointAddress: Decodable, Sendable, Equatable {
    /// Empty while the container does not run.
    public var address: String
    public var aliases: [String]

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        address = fields.find("IPAddress") ?? ""
        aliases = fields.find("Aliases") ?? []
    }
}
