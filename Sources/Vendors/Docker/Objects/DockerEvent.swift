/// Something that happened on the host. A hint, never the truth: look at the object (design law 1).
public struct DockerEvent: Decodable, Sendable, Equatable {
    /// `container`, `image`, `network`, `volume`, `daemon`.
    public var type: String
    /// `start`, `die`, `oom`, `health_status: healthy`, `exec_start: …`.
    public var action: String
    public var objectID: String
    /// Labels too.
    public var attributes: [String: String]
    /// Nanoseconds since 1970 by the host's clock.
    public var timeNanoseconds: Int64

    public init(from decoder: any Decoder) throws {
        struct Actor: Decodable {
            var id: String
            var attributes: [String: String]
            init(from decoder: any Decoder) throws {
                let fields = try DockerFields(decoder)
                id = fields.find("ID") ?? ""
                attributes = fields.find("Attributes") ?? [:]
            }
        }
        let fields = try DockerFields(decoder)
        type = try fields.need("Type")
        action = try fields.need("Action")
        let actor: Actor = try fields.need("Actor")
        objectID = actor.id
        attributes = actor.attributes
        timeNanoseconds = try fields.need("timeNano")
    }

    public var containerName: String? { attributes["name"] }
}

/// What following a daemon's events tells.
public enum DockerNotice: Sendable, Equatable {
    /// A connection stands from now on: list everything once, what happened before may have been missed.
    case relist
    case event(DockerEvent)
    /// The connection is lost (or could not be made) for this reason; it is tried again.
    case lost(DockerError)
}

/// Which events are sent. Actions match whole; `exec_` and `health_status` ones by their beginning.
public struct DockerEventFilter: Sendable, Equatable {
    public var types: [String]
    public var labels: [String]
    public var actions: [String]

    public init(types: [String] = [], labels: [String] = [], actions: [String] = []) {
        self.types = types
        self.labels = labels
        self.actions = actions
    }

    func query() throws -> (String, String)? {
        var filters: [String: DockerJSON] = [:]
        if !types.isEmpty { filters["type"] = .texts(types) }
        if !labels.isEmpty { filters["label"] = .texts(labels) }
        if !actions.isEmpty { filters["event"] = .texts(actions) }
        if filters.isEmpty { return nil }
        return ("filters", String(decoding: try encoded(DockerJSON.object(filters)), as: UTF8.self))
    }
}
