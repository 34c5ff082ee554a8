/// The marks that we leave on machines, as metadata keys of their config.
public enum FlyMark {
    /// Id of the row that owns the machine.
    public static let owner = "converged_owner"
    /// Generation of the row that was applied last.
    public static let generation = "converged_generation"
    /// Hash of the config that was applied last.
    public static let hash = "converged_hash"
}

/// One page of an organisation-wide list. Empty or short pages mean nothing while there is a `nextCursor`, and the
/// whole is eventually consistent: absence from it proves nothing (design law 2).
public struct FlyPage<Item: Sendable>: Sendable {
    public var items: [Item]
    /// Entries that could not be read: they exist, but nothing is known of them.
    public var unreadable: Int
    public var nextCursor: String?
    /// Regions that did not answer: their machines are missing from the list.
    public var errorRegions: [String]
}

/// What an organisation-wide list tells of whatever it holds.
public struct FlyListedObject: Sendable, Equatable {
    public var id: String
    public var app: String
    public var name: String
    public var state: String
    public var region: String

    public init(id: String, app: String, name: String, state: String, region: String) {
        self.id = id
        self.app = app
        self.name = name
        self.state = state
        self.region = region
    }
}

/// What the organisation-wide list tells of a machine; checks and host are not in it.
@dynamicMemberLookup public struct FlyListedMachine: Sendable, Equatable {
    public var object: FlyListedObject
    public var instanceID: String
    public var hostStatus: String?
    /// `FlyMark.owner`, when the machine carries it.
    public var owner: String?

    public init(_ object: FlyListedObject, instanceID: String, hostStatus: String? = nil, owner: String? = nil) {
        self.object = object
        self.instanceID = instanceID
        self.hostStatus = hostStatus
        self.owner = owner
    }

    public subscript<Value>(dynamicMember path: KeyPath<FlyListedObject, Value>) -> Value { object[keyPath: path] }
}

@dynamicMemberLookup public struct FlyListedVolume: Sendable, Equatable {
    public var object: FlyListedObject
    public var attachedMachineID: String?

    public init(_ object: FlyListedObject, attachedMachineID: String? = nil) {
        self.object = object
        self.attachedMachineID = attachedMachineID
    }

    public subscript<Value>(dynamicMember path: KeyPath<FlyListedObject, Value>) -> Value { object[keyPath: path] }

    /// On its way out or gone; still listed for 24 hours.
    public var isGone: Bool { FlyVolume.isGone(state: object.state) }
}
