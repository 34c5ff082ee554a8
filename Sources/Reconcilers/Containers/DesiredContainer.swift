import FoundationEssentials

/// What one row wants of its container, whatever runs in it. A pure value, made by the workload's own reader: PAs and
/// services differ in this and in their ``Workload`` only.
public struct DesiredContainer: Sendable, Equatable {
    /// `pa` or `service`: kind of the row's conditions, events and traces.
    public var kind: String
    public var id: UUID
    /// Of the container: `pa-alice`. While it is replaced there is a `.next` of it too, and then a `.old`.
    public var name: String
    public var droplet: String
    public var generation: Int64
    public var runs: Bool
    public var isDeleting: Bool
    public var restartRequestedAt: Date?
    public var shape: ContainerShape {
        didSet { specHash = shape.hash }
    }
    /// Mount of `shape` that holds what must never be lost; nil: none is made or looked after.
    public var data: DataFolder?
    /// What the row puts into files that others write, too; each says a place and which value.
    public var claims: Set<String> = []
    /// Something in the row that Docker needs not be asked about.
    public var fault: ContainerFault?
    /// Why a container must not be started yet: a service that it needs is not healthy. Looked at again soon.
    public var hold: String?
    /// Creates and deletes are stopped for the droplet.
    public var isFrozen = false
    /// Restarts for bad health are stopped for the droplet.
    public var areRepairsHalted = false
    public private(set) var specHash: String

    public init(
        kind: String, id: UUID, name: String, droplet: String, generation: Int64, runs: Bool, isDeleting: Bool,
        shape: ContainerShape
    ) {
        self.kind = kind
        self.id = id
        self.name = name
        self.droplet = droplet
        self.generation = generation
        self.runs = runs
        self.isDeleting = isDeleting
        self.shape = shape
        specHash = shape.hash
    }

    public var key: String { id.uuidString.lowercased() }
    /// Label `converged.owner` of our containers.
    var owner: String { "\(kind)/\(key)" }
    var nextName: String { name + ".next" }
    var formerName: String { name + ".old" }
}

/// A folder of the droplet that the first container makes, with owner and mode for who runs inside. Once made, a missing
/// one is an error and never replaced by an empty one.
public struct DataFolder: Sendable, Equatable {
    public var path: String
    /// Where it is mounted: a folder in a folder that every image of the workload has.
    public var pathInside: String
    public var userID: Int
    public var groupID: Int
    public var mode: Int

    public init(path: String, pathInside: String, userID: Int = 1000, groupID: Int = 1000, mode: Int = 0o700) {
        self.path = path
        self.pathInside = pathInside
        self.userID = userID
        self.groupID = groupID
        self.mode = mode
    }
}

/// What stands in the way before Docker is asked: a blocked condition until the row changes.
public struct ContainerFault: Sendable, Equatable {
    public var reason: Reason
    public var message: String
    /// It may heal without a change of the row: tried again.
    public var isPassing: Bool

    public init(_ reason: Reason, _ message: String, isPassing: Bool = false) {
        self.reason = reason
        self.message = message
        self.isPassing = isPassing
    }
}
