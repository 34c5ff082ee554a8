/// A container as the list shows it. Lists say what is there, never that something is absent (design law 2).
public struct DockerListedContainer: Decodable, Sendable, Equatable {
    public var id: String
    /// Without the slash in front; empty for a moment while it is being removed.
    public var name: String
    public var image: String
    public var imageID: String
    public var labels: [String: String]
    /// As `DockerState.status`.
    public var state: String
    /// For people: `Up 3 minutes (healthy)`.
    public var status: String
    /// Names of the networks it is in; nil where the daemon does not say.
    public var networks: Set<String>?

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        id = try fields.need("Id")
        let names: [String] = fields.find("Names") ?? []
        // Further names are links of other containers and have a second slash.
        let own = names.first { $0.dropFirst().allSatisfy { $0 != "/" } } ?? ""
        name = own.hasPrefix("/") ? String(own.dropFirst()) : own
        image = fields.find("Image") ?? ""
        imageID = fields.find("ImageID") ?? ""
        labels = fields.find("Labels") ?? [:]
        state = try fields.need("State")
        status = fields.find("Status") ?? ""
        struct Settings: Decodable {
            var networks: [String: DockerEndpointAddress]?
            init(from decoder: any Decoder) throws { networks = try DockerFields(decoder).find("Networks") }
        }
        let settings: Settings? = fields.find("NetworkSettings")
        networks = settings?.networks.map { Set($0.keys) }
    }
}

/// What a list is narrowed to. Labels must all hold; names are exact.
public struct DockerFilter: Sendable, Equatable {
    /// `key` or `key=value`.
    public var labels: [String]
    public var names: [String]
    public var states: [String]

    public init(labels: [String] = [], names: [String] = [], states: [String] = []) {
        self.labels = labels
        self.names = names
        self.states = states
    }

    /// dockerd takes names as patterns (contract docker, "Containers").
    func query(namePrefix: String) throws -> (String, String)? {
        var filters: [String: DockerJSON] = [:]
        if !labels.isEmpty { filters["label"] = .texts(labels) }
        if !names.isEmpty { filters["name"] = .texts(names.map { "^\(namePrefix)\(Self.literal($0))$" }) }
        if !states.isEmpty { filters["status"] = .texts(states) }
        if filters.isEmpty { return nil }
        return ("filters", String(decoding: try encoded(DockerJSON.object(filters)), as: UTF8.self))
    }

    private static func literal(_ name: String) -> String { name.replacing(".", with: "\\.") }
}
