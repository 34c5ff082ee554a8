import Postgres

extension JobKind {
    static let upkeepName = "upkeep"
    static let upkeepKey = "partitions"

    /// Keeps the records bounded, once an hour by whichever worker gets it: makes and drops daily partitions, removes old
    /// dead letters. Every worker has this kind and wakes its only key when it starts.
    static func upkeep(_ database: Database, _ settings: WorkerSettings) -> JobKind {
        JobKind(
            name: upkeepName, concurrency: 1, deadline: .seconds(300),
            backoff: Backoff(base: .seconds(10), cap: .seconds(600))
        ) { _ in
            let changed: Int = try await database.query("select converged.keep_partitions()").scalar()
            let removed = try await database.query(
                "delete from converged.dead_jobs where died_at < converged.now() - \(settings.deadJobRetention)::interval"
            ).affected
            var log: [String: String] = [:]
            if changed > 0 { log["partitions"] = "\(changed)" }
            if removed > 0 { log["dead_jobs_removed"] = "\(removed)" }
            return Verdict(.settled(next: .seconds(3_600)), log: log)
        }
    }
}
