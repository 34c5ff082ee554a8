import FoundationEssentials
import Postgres
import Queue
import Vendors

/// What a workload adds to the common recreation of containers: the part that looks inside. All of it may be asked for
/// again after a crash, and does its own looking before it acts.
public struct Workload: Sendable {
    /// What a look at the running workload found.
    public enum Finding: Sendable, Equatable {
        case good
        /// Why not, for people; no secrets.
        case bad(String)
    }

    /// How far the checklist of a container is.
    public enum Checklist: Sendable, Equatable {
        case done
        case working(step: String, againSeconds: Double)
        case failed(step: String, why: String)
    }

    /// Makes what the container needs on its droplet, before each create: networks, volumes.
    public var prepare: @Sendable () async throws -> Void = {}
    /// Files that are put into the container before it starts, and kept right while it runs.
    public var files: [PlacedFile] = []
    /// Whether the container does its work, asked by its own means: a new one before it takes over, one that runs when
    /// Docker has no health check of it. `id` is the container's.
    public var probe: @Sendable (_ id: String) async throws -> Finding
    /// At most one unit of work a call. Nil: none is owed.
    public var checklist: (@Sendable (_ id: String, _ lease: Lease) async throws -> Checklist)?
    /// Takes secrets out of the tail of a container's log, which goes into an event.
    public var redact: @Sendable (String) -> String = { $0 }

    public init(probe: @escaping @Sendable (_ id: String) async throws -> Finding) { self.probe = probe }
}

/// A file in a container, made from what is there: read, changed, written.
public struct PlacedFile: Sendable {
    /// Folder inside; it must exist.
    public var folder: String
    public var name: String
    public var userID: Int
    public var groupID: Int
    public var mode: Int
    /// What it has to hold, from what it holds (nil: nothing is there). Nil when it is right as it is. Throws
    /// ``ContainerFault`` when what is there cannot be read.
    public var content: @Sendable (_ present: [UInt8]?) throws(ContainerFault) -> [UInt8]?

    public init(
        folder: String, name: String, userID: Int = 1000, groupID: Int = 1000, mode: Int = 0o600,
        content: @escaping @Sendable (_ present: [UInt8]?) throws(ContainerFault) -> [UInt8]?
    ) {
        self.folder = folder
        self.name = name
        self.userID = userID
        self.groupID = groupID
        self.mode = mode
        self.content = content
    }

    var path: String { folder + "/" + name }
}

extension ContainerFault: Error {}

/// One row and all that a run of it needs. Its maker reads the row, its memory and database time in one statement.
public struct ContainerSubject: Sendable {
    public var desired: DesiredContainer
    public var memory: ContainerMemory
    /// Database time of the read.
    public var now: Date
    /// Status columns of the row as they are.
    public var status: ContainerStatus
    public var workload: Workload
    /// Writes the row's status columns.
    public var writeStatus: @Sendable (ContainerStatus) -> SQL
    /// Deletes the row, whose tombstone is carried out.
    public var release: [SQL]
    /// What else is written once this container alone is left and serves.
    public var whenRunning: @Sendable (_ id: String) -> [SQL] = { _ in [] }

    public init(
        desired: DesiredContainer, memory: ContainerMemory, now: Date, status: ContainerStatus, workload: Workload,
        release: [SQL], writeStatus: @escaping @Sendable (ContainerStatus) -> SQL
    ) {
        self.desired = desired
        self.memory = memory
        self.now = now
        self.status = status
        self.workload = workload
        self.release = release
        self.writeStatus = writeStatus
    }
}

/// What the row shows.
public struct ContainerStatus: Sendable, Equatable {
    /// `provisioning`, `running`, `stopped`, `error` or `deleting`.
    public var word: String
    public var observedGeneration: Int64
    /// First time that it ran with its checklist done.
    public var runningAt: Date?

    public init(word: String, observedGeneration: Int64, runningAt: Date? = nil) {
        self.word = word
        self.observedGeneration = observedGeneration
        self.runningAt = runningAt
    }
}
