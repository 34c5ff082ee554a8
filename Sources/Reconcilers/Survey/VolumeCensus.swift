import FoundationEssentials
import Postgres
import Vendors

/// One pass over the organisation's volumes: which of ours belong to no row.
struct VolumeCensus: Sendable {
    var listed = 0
    var orphans: [Orphan] = []

    static func take(
        of client: FlyClient, rows: FleetRows, names: FleetNames, pageSize: Int
    ) async throws -> VolumeCensus {
        var census = VolumeCensus()
        var pages = PageCursor()
        while let next = pages.next() {
            let page = try await client.orgVolumes(cursor: next.cursor, limit: pageSize)
            census.listed += page.items.count
            try await census.add(page.items.filter { names.owns(volume: $0.name, app: $0.app) }, rows: rows)
            try pages.turn(from: next, to: page.nextCursor)
        }
        return census
    }

    private mutating func add(_ volumes: [FlyListedVolume], rows: FleetRows) async throws {
        guard !volumes.isEmpty else { return }
        let known = try await rows.knownVolumes(among: volumes.map(\.id))
        let strangers = volumes.filter { !known.contains($0.id) && !$0.isGone }
        guard !strangers.isEmpty else { return }
        let claims = try await rows.volumeClaims(ofNames: strangers.map(\.name))
        for volume in strangers {
            guard Orphan.isOrphan(volume, claim: claims[.init(app: volume.app, name: volume.name)]) else { continue }
            orphans.append(
                Orphan(type: .volume, id: volume.id, app: volume.app, name: volume.name, region: volume.region))
        }
    }
}
