public struct DockerNetworkSpec: Sendable, Equatable {
    public var name: String
    public var labels: [String: String]
    /// Without a way out of the host.
    public var isInternal: Bool

    public init(name: String, labels: [String: String] = [:], isInternal: Bool = false) {
        self.name = name
        self.labels = labels
        self.isInternal = isInternal
    }
}

public struct DockerNetwork: Decodable, Sendable, Equatable {
    public var id: String
    public var name: String
    public var driver: String
    public var labels: [String: String]
    public var isInternal: Bool

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        id = try fields.need("Id")
        name = try fields.need("Name")
        driver = fields.find("Driver") ?? ""
        labels = fields.find("Labels") ?? [:]
        isInternal = fields.find("Internal") ?? false
    }
}

public struct DockerVolume: Decodable, Sendable, Equatable {
    public var name: String
    public var driver: String
    public var labels: [String: String]
    /// On the host.
    public var path: String

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        name = try fields.need("Name")
        driver = fields.find("Driver") ?? ""
        labels = fields.find("Labels") ?? [:]
        path = fields.find("Mountpoint") ?? ""
    }
}
