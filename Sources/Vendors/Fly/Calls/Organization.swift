import FoundationEssentials

extension FlyClient {
    /// One page of all machines of the organisation, at most 1000. Go on while there is a `nextCursor`.
    public func orgMachines(cursor: String? = nil, limit: Int = 1000) async throws -> FlyPage<FlyListedMachine> {
        let answer = try await read(
            orgCall(.listOrgMachines, "machines", cursor, limit), as: FlyPageAnswer<FlyListedMachine>.self)
        return answer.page
    }

    /// One page of all volumes of the organisation.
    public func orgVolumes(cursor: String? = nil, limit: Int = 1000) async throws -> FlyPage<FlyListedVolume> {
        let answer = try await read(
            orgCall(.listOrgVolumes, "volumes", cursor, limit), as: FlyPageAnswer<FlyListedVolume>.self)
        return answer.page
    }

    private func orgCall(_ action: FlyAction, _ what: String, _ cursor: String?, _ limit: Int) -> FlyCall {
        // Not `summary`: it leaves out the metadata that carries our mark.
        var query = [("limit", String(limit))]
        if let cursor { query.append(("cursor", cursor)) }
        return FlyCall(
            action: action, target: settings.org, method: "GET", path: ["orgs", settings.org, what], query: query)
    }
}

/// Something that organisation-wide lists hold. Decoded field by field: a page has 1000 of them.
protocol FlyListed: Decodable, Sendable {
    static var listKey: FlyPageKey { get }
}

enum FlyPageKey: String, CodingKey {
    case machines, volumes
    case nextCursor = "next_cursor"
    case errorRegions = "error_regions"
}

struct FlyPageAnswer<Item: FlyListed>: Decodable {
    var page: FlyPage<Item>

    /// An entry of the wrong shape must neither end the survey nor look like absence.
    private struct Lenient: Decodable {
        var item: Item?
        init(from decoder: any Decoder) throws { item = try? Item(from: decoder) }
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: FlyPageKey.self)
        // A page without the list is not an empty list: it is a wrong answer, and throws.
        let entries = try fields.decode([Lenient].self, forKey: Item.listKey)
        let items = entries.compactMap(\.item)
        let cursor = try fields.decodeIfPresent(String.self, forKey: .nextCursor)
        page = FlyPage(
            items: items, unreadable: entries.count - items.count,
            nextCursor: cursor.flatMap { $0.isEmpty ? nil : $0 },
            errorRegions: try fields.decodeIfPresent([String].self, forKey: .errorRegions) ?? [])
    }
}

private enum FlyListedKey: String, CodingKey {
    case id, name, state, region, config, metadata, version
    case app = "app_name"
    case instanceID = "instance_id"
    case hostStatus = "host_status"
    case attached = "attached_machine_id"
    case owner = "converged_owner"
}

extension FlyListedObject {
    fileprivate init(_ fields: KeyedDecodingContainer<FlyListedKey>) throws {
        id = try fields.decode(String.self, forKey: .id)
        app = try fields.decodeIfPresent(String.self, forKey: .app) ?? ""
        name = try fields.decodeIfPresent(String.self, forKey: .name) ?? ""
        state = try fields.decodeIfPresent(String.self, forKey: .state) ?? ""
        region = try fields.decodeIfPresent(String.self, forKey: .region) ?? ""
    }
}

extension FlyListedMachine: FlyListed {
    static var listKey: FlyPageKey { .machines }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: FlyListedKey.self)
        object = try FlyListedObject(fields)
        instanceID =
            try fields.decodeIfPresent(String.self, forKey: .instanceID)
            ?? fields.decodeIfPresent(String.self, forKey: .version) ?? ""
        hostStatus = try fields.decodeIfPresent(String.self, forKey: .hostStatus)
        let config = try? fields.nestedContainer(keyedBy: FlyListedKey.self, forKey: .config)
        let metadata = try? config?.nestedContainer(keyedBy: FlyListedKey.self, forKey: .metadata)
        owner = try? metadata?.decodeIfPresent(String.self, forKey: .owner)
    }
}

extension FlyListedVolume: FlyListed {
    static var listKey: FlyPageKey { .volumes }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: FlyListedKey.self)
        object = try FlyListedObject(fields)
        attachedMachineID = try fields.decodeIfPresent(String.self, forKey: .attached)
    }
}
