import FoundationEssentials
import Postgres

/// Rows whose machine is in none of the list's pages.
struct MissingMachines: Sendable, Equatable {
    /// Old enough to be in the list, in a region that answered. Their jobs ask for each by id.
    var rows: [UUID] = []
    /// Those of them that have been healthy: what the population is judged by.
    var established = 0

    private static let pageSize = 2000

    /// Reads the rows in pages, and only when their number says that some are missing.
    static func find(_ census: MachineCensus, in database: Database, listLag: Duration) async throws -> MissingMachines
    {
        var missing = MissingMachines()
        var last = ""
        while true {
            let rows = try await database.query(
                """
                select fly_machine_id, id, running_at is not null, coalesce(fly_region, ''),
                    coalesce(running_at, status_at, created_at) < converged.now() - \(listLag)::interval
                from converged.machines
                where fly_machine_id > \(last) and deleted_at is null
                order by fly_machine_id limit \(pageSize)
                """)
            for row in rows {
                let (flyID, id, hasRun, region, isOld) = try row.decode((String, UUID, Bool, String, Bool).self)
                last = flyID
                guard isOld, !census.seen.contains(FlyNumber(flyID)), !census.errorRegions.contains(region) else {
                    continue
                }
                missing.rows.append(id)
                if hasRun { missing.established += 1 }
            }
            if rows.count < pageSize { return missing }
        }
    }
}
