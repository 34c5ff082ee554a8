import FoundationEssentials
import Postgres
import Vendors

/// Health checks of shared apps: one list per app and region shows them for all machines.
struct SharedChecks: Sendable {
    let client: FlyClient
    let rows: FleetRows

    /// Notes machines whose check is critical. By region, because an app of thousands in one answer is too large.
    func look(at apps: Set<String>, into census: inout MachineCensus) async throws {
        for app in apps.sorted() {
            for region in census.regions[app, default: []].sorted() {
                let sick: [String]
                do {
                    sick = try await client.listHealth(app: app, region: region)
                        .filter { $0.isCritical && $0.state == "started" && $0.hostStatus != "unreachable" }
                        .map(\.id)
                } catch let error as FlyError where error.kind == .notFound {
                    continue
                }
                guard !sick.isEmpty else { continue }
                for row in try await rows.machines(withFlyIDs: sick).values where row.runs && !row.isDeleting {
                    census.note(.unhealthy, row.row)
                }
            }
        }
    }
}
