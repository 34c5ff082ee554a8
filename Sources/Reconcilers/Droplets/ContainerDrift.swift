import Vendors

/// How a listed container differs from its row. A hint: its own job looks at it and decides (design law 1).
enum ContainerDrift: Sendable, Equatable {
    /// The list does not show the container that the row has.
    case missing
    /// `exited`, `dead`, `created` or `paused` though it should run.
    case halted(String)
    /// Docker starts it again and again.
    case restarting
    case unhealthy
    /// It is not in its network any more, or that is gone.
    case disconnected
    /// It runs though it should not.
    case runs
    case renamed
    /// It was made from another specification than the one that is known.
    case outdated
    /// Containers of the row that it does not know, or none at all yet.
    case unproven
    /// The row is being deleted and something of it is left.
    case left

    /// What costs the assistant its service, and is limited (design law 9).
    var isRepair: Bool {
        switch self {
        case .missing, .halted, .restarting, .unhealthy, .disconnected: true
        case .runs, .renamed, .outdated, .unproven, .left: false
        }
    }

    /// Nil when they agree.
    static func of(_ row: ExpectedContainer, listed: [DockerListedContainer]) -> ContainerDrift? {
        if row.isDeleting { return listed.isEmpty ? nil : .left }
        guard let id = row.containerID else { return row.runs || !listed.isEmpty ? .unproven : nil }
        guard let own = listed.first(where: { $0.id == id }) else { return .missing }
        if row.runs {
            switch own.state {
            case "running":
                if let network = row.network, let networks = own.networks, !networks.contains(network) {
                    return .disconnected
                }
                if own.status.contains("(unhealthy)") { return .unhealthy }
            case "restarting": return .restarting
            default: return .halted(own.state)
            }
        } else if own.state == "running" || own.state == "restarting" {
            return .runs
        }
        if own.name != row.name { return .renamed }
        if let known = row.specHash, own.labels[Marks.spec] != known { return .outdated }
        return listed.count > 1 ? .unproven : nil
    }
}
