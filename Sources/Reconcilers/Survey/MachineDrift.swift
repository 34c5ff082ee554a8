import FoundationEssentials
import Vendors

/// What a row expects of its machine: as much of it as a list can contradict.
struct ExpectedMachine: Sendable, Equatable {
    var row: UUID
    var app: String
    var runs: Bool
    /// The version that was proven right last.
    var instanceID: String?
    var isDeleting: Bool
    var profile: String
}

/// How a list contradicts a row. It decides nothing but that the key's job should look.
enum MachineDrift: String, Sendable, CaseIterable {
    /// Still there although its row is to go.
    case undeleted
    case otherApp
    /// It carries the mark of another row.
    case otherOwner
    case hostDown
    case gone
    case failed
    case notStarted
    /// Between two lasting states.
    case passing
    case notStopped
    /// Somebody replaced what we had proven right.
    case otherVersion
    /// Not in a believable list.
    case missing
    /// A check is critical.
    case unhealthy

    /// Mending it means a start, a restart or a new machine: bounded per group (design law 9).
    var isRepair: Bool {
        switch self {
        case .gone, .failed, .notStarted, .missing, .unhealthy: true
        default: false
        }
    }

    /// Nil: the list agrees with the row.
    static func between(_ expected: ExpectedMachine, _ listed: FlyListedMachine) -> MachineDrift? {
        if expected.isDeleting { return .undeleted }
        if !listed.app.isEmpty, listed.app != expected.app { return .otherApp }
        // A machine whose host is down is shown without its config: no mark then says nothing.
        if let owner = listed.owner, UUID(uuidString: owner) != expected.row { return .otherOwner }
        if listed.hostStatus == "unreachable" { return .hostDown }
        if let drift = expected.runs ? fromStarted(listed.state) : fromStopped(listed.state) { return drift }
        if let version = expected.instanceID, !listed.instanceID.isEmpty, version != listed.instanceID {
            return .otherVersion
        }
        return nil
    }

    private static func fromStarted(_ state: String) -> MachineDrift? {
        switch state {
        case "started": nil
        case "stopped", "suspended", "created": .notStarted
        case "failed", "launch_failed": .failed
        case "destroyed", "destroying": .gone
        default: .passing
        }
    }

    private static func fromStopped(_ state: String) -> MachineDrift? {
        switch state {
        case "stopped", "suspended", "failed": nil
        case "stopping", "suspending": .passing
        // No data is lost with a machine, and a stopped one is only made anew when it is to run.
        case "destroyed", "destroying": .otherVersion
        default: .notStopped
        }
    }
}
