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

/// What the organisation-wide list tells of a machine; checks and host are not in it.
public struct FlyListedMachine: Sendable, Equatable {
    public var id: String
    public var app: String
    public var name: String
    public var state: String
    public var region: String
    public var instanceID: String
    public var hostStatus: String?
    /// `FlyMark.owner`, when the machine carries it.
    public var owner: String?

    public init(
        id: String, app: String, name: String, state: String, region: String, instanceID: String,
        hostStatus: String? = nil, owner: String? = nil
    ) {
        self.id = id
        self.app = app
        self.name = name
        self.state = state
        self.region = region
        self.instanceID = instanceID
        self.hostStatus = hostStatus
        self.owner = owner
    }
}

public struct FlyListedVolume: Sendable, Equatable {
    public var id: String
    public var app: String
    public var name: String
    public var state: String
    public var region: String
    public var attachedMachineID: String?

    public init(
        id: String, app: String, name: String, state: String, region: String, attachedMachineID: String? = nil
    ) {
        self.id = id
        self.app = app
        self.name = name
        self.state = state
        self.region = region
        self.attachedMachineID = attachedMachineID
    }

    /// On its way out or gone; still listed for 24 hours.
    public var isGone: Bool { FlyVolume.isGone(state: state) }
}
