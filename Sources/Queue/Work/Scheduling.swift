import Logging
import Postgres
import Synchronization

extension Worker {
    /// Makes the jobs of schedules that are due, at the moment of the nearest tick, and looks now and then whether schedules
    /// were changed meanwhile. Every worker does so: the database sees to it that each tick counts once.
    func schedule() async {
        while !Task.isCancelled {
            let isAtWork = ledger.withLock { $0.worker != nil && !$0.isStopping && !$0.isDraining }
            // Spread, so that many daemons do not look at the same moments.
            var pause = settings.scheduleInterval * (0.9 + 0.2 * settings.unit())
            if isAtWork {
                do {
                    if let next = try await tickSchedules() { pause = min(pause, next) }
                } catch {
                    pause = min(pause, .seconds(1))
                    logger.debug("the look at the schedules failed: \(error)")
                }
            }
            try? await Task.sleep(for: pause, tolerance: .zero)
        }
    }

    /// - Returns: until the nearest tick that the database knows of now.
    private func tickSchedules() async throws -> Duration? {
        let rows = try await database.query(
            "select name, tick::text, job, error, next_ms from converged.tick_schedules()")
        var next: Duration?
        for row in rows {
            if let name = try row.decode(0, as: String?.self) {
                try tell(schedule: name, tick: row.decode(1), job: row.decode(2), error: row.decode(3))
            } else if let wait = try row.decode(4, as: Double?.self) {
                // Not less than a moment, so that a clock that runs slow here makes no busy loop.
                next = max(.milliseconds(2), .milliseconds(wait))
            }
        }
        if rows.count > 1 {
            ledger.withLock { $0.isHinted = true }
            signal.fire()
        }
        return next
    }

    private func tell(schedule: String, tick: String, job: Int64?, error: String?) {
        var metadata: Logger.Metadata = ["schedule": "\(schedule)", "tick": "\(tick)"]
        if let job {
            metadata["job"] = "\(job)"
            logger.debug("schedule \(schedule) made job \(job)", metadata: metadata)
        } else {
            logger.warning("schedule \(schedule) made no job: \(error ?? "")", metadata: metadata)
        }
    }
}
