/// An app: the scope of names, addresses, machines and volumes.
public struct FlyApp: Decodable, Sendable, Equatable {
    public var name: String
    public var id: String?
    public var status: String?
    public var network: String?
    public var machineCount: Int?
    public var volumeCount: Int?
    /// Slug of the organisation it belongs to; absent in lists.
    public var organization: String?

    enum CodingKeys: String, CodingKey {
        case name, id, status, network, organization
        case machineCount = "machine_count"
        case volumeCount = "volume_count"
    }
    private enum OrganizationKeys: CodingKey { case slug }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.decode(String.self, forKey: .name)
        id = try? fields.decodeIfPresent(String.self, forKey: .id)
        status = try? fields.decodeIfPresent(String.self, forKey: .status)
        network = try? fields.decodeIfPresent(String.self, forKey: .network)
        machineCount = try? fields.decodeIfPresent(Int.self, forKey: .machineCount)
        volumeCount = try? fields.decodeIfPresent(Int.self, forKey: .volumeCount)
        let owner = try? fields.nestedContainer(keyedBy: OrganizationKeys.self, forKey: .organization)
        organization = try? owner?.decodeIfPresent(String.self, forKey: .slug)
    }
}

/// An IP address of an app.
public struct FlyAddress: Decodable, Sendable, Equatable {
    public var ip: String
    public var type: String?
    public var region: String?
    public var shared: Bool?

    /// What to ask for; `v4` costs money.
    public enum Kind: String, Sendable, CaseIterable {
        case v4, v6
        case sharedV4 = "shared_v4"
        case privateV6 = "private_v6"
    }

    /// The documented answer has no type: it follows from the address itself.
    public var kind: Kind {
        if let type, let kind = Kind(rawValue: type) { return kind }
        if ip.contains(":") { return ip.lowercased().hasPrefix("fdaa:") ? .privateV6 : .v6 }
        return shared == true ? .sharedV4 : .v4
    }
}
