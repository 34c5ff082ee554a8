import FoundationEssentials
import Vendors

/// Rows and list of one droplet held against each other. Pure.
struct DropletCensus: Sendable, Equatable {
    var drifts: [UUID: ContainerDrift] = [:]
    /// Containers with our mark that belong to no row.
    var orphans: [DockerListedContainer] = []
    var listed = 0
    /// Rows whose container was proven once and is to stay: what a population is judged by.
    var established = 0
    var missing: Set<UUID> = []

    init(_ rows: [ExpectedContainer], _ list: [DockerListedContainer]) {
        listed = list.count
        let byOwner = Dictionary(grouping: list) { $0.labels[Marks.owner] ?? "" }
        for row in rows {
            if row.containerID != nil, !row.isDeleting { established += 1 }
            guard let drift = ContainerDrift.of(row, listed: byOwner[row.owner] ?? []) else { continue }
            drifts[row.id] = drift
            if drift == .missing { missing.insert(row.id) }
        }
        let owners = Set(rows.map(\.owner))
        orphans = list.filter { container in
            let owner = container.labels[Marks.owner] ?? ""
            return !owner.hasPrefix("droplet/") && !owners.contains(owner) && container.state != "removing"
        }
    }

    /// What two looks agree on: absence is believed of what neither shows.
    func agreeing(with later: DropletCensus) -> DropletCensus {
        var census = later
        for row in later.missing.subtracting(missing) {
            census.missing.remove(row)
            census.drifts[row] = nil
        }
        return census
    }

    /// - Parameter accepted: as many as an operator declared to be really gone.
    func population(_ settings: DropletSettings, accepted: Int) -> Population {
        // A list that shows none of several is not a list that lost a few.
        if missing.count == established, established > 1, missing.count > accepted { return .dropped }
        return .judge(
            known: established, missing: missing.count, accepted: accepted, believable: settings.believableDrop)
    }
}
