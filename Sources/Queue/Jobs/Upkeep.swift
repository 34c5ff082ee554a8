import Postgres

extension JobKind {
    static let upkeepName = "upkeep"
    static let upkeepKey = "partitions"

    /// Records removed by one transaction, so that none holds locks or a snapshot for long.
    private static let trimBatch = 5_000

    /// Keeps the records bounded, once an hour by whichever worker gets it: makes and drops daily partitions, removes records
    /// and dead letters that their queue keeps no longer. Every worker has this kind and wakes its only key when it starts.
    static func upkeep(_ database: Database) -> JobKind {
        JobKind(
            name: upkeepName, concurrency: 1, deadline: .seconds(300),
            backoff: Backoff(base: .seconds(10), cap: .seconds(600))
        ) { _ in
            let changed: Int = try await database.query("select converged.keep_partitions()").scalar()
            var log: [String: String] = [:]
            if changed > 0 { log["partitions"] = "\(changed)" }
            let records = try await trim(database, "select converged.trim_history(\(trimBatch))")
            if records > 0 { log["records_removed"] = "\(records)" }
            let letters = try await trim(database, "select converged.trim_dead_jobs(\(trimBatch))")
            if letters > 0 { log["dead_jobs_removed"] = "\(letters)" }
            return Verdict(.settled(next: .seconds(3_600)), log: log)
        }
    }

    /// Batch after batch, until one finds less than it might have taken.
    private static func trim(_ database: Database, _ batch: SQL) async throws -> Int {
        var removed = 0
        while true {
            let last: Int = try await database.query(batch).scalar()
            removed += last
            if last < trimBatch { return removed }
            try Task.checkCancellation()
        }
    }
}
