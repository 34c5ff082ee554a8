import FoundationEssentials
import Postgres
import Vendors

/// One pass over the organisation's machines, compared page by page with the rows. Pages are dropped as they are used;
/// what stays is 8 bytes per machine and whatever disagrees.
struct MachineCensus: Sendable {
    /// Everything listed, ours or not.
    var seen: Set<FlyNumber> = []
    /// Rows whose machine was listed.
    var matched = 0
    /// Rows to look at, and why. The first reason stays.
    var drifts: [UUID: MachineDrift] = [:]
    var orphans: [Orphan] = []
    /// Regions in which each app was seen with machines.
    var regions: [String: Set<String>] = [:]
    var errorRegions: Set<String> = []
    var unreadable = 0

    /// - Throws: `FlyError`, `PostgresError`. A pass that did not reach the last page says nothing.
    static func take(
        of client: FlyClient, rows: FleetRows, sharedApps: Set<String>, pageSize: Int
    ) async throws -> MachineCensus {
        var census = MachineCensus()
        var pages = PageCursor()
        while let next = pages.next() {
            let page = try await client.orgMachines(cursor: next.cursor, limit: pageSize)
            try await census.add(page.items, rows: rows, sharedApps: sharedApps)
            census.errorRegions.formUnion(page.errorRegions)
            census.unreadable += page.unreadable
            try pages.turn(from: next, to: page.nextCursor)
        }
        return census
    }

    private mutating func add(
        _ machines: [FlyListedMachine], rows: FleetRows, sharedApps: Set<String>
    ) async throws {
        guard !machines.isEmpty else { return }
        let expected = try await rows.machines(withFlyIDs: machines.map(\.id))
        var strangers: [FlyListedMachine] = []
        for machine in machines {
            let isNew = seen.insert(FlyNumber(machine.id)).inserted
            if sharedApps.contains(machine.app) { regions[machine.app, default: []].insert(machine.region) }
            guard let row = expected[machine.id] else {
                if machine.owner != nil { strangers.append(machine) }
                continue
            }
            // Pages can show a machine twice when it changed in between.
            if isNew { matched += 1 }
            if let drift = MachineDrift.between(row, machine) { note(drift, row.row) }
        }
        guard !strangers.isEmpty else { return }
        let claims = try await rows.machineClaims(of: strangers.compactMap { $0.owner.flatMap(UUID.init(uuidString:)) })
        for machine in strangers {
            let claim = machine.owner.flatMap(UUID.init(uuidString:)).flatMap { claims[$0] }
            guard Orphan.isOrphan(machine, claim: claim) else { continue }
            orphans.append(
                Orphan(type: .machine, id: machine.id, app: machine.app, name: machine.name, region: machine.region))
        }
    }

    mutating func note(_ drift: MachineDrift, _ row: UUID) {
        if drifts[row] == nil { drifts[row] = drift }
    }
}
