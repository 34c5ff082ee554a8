import Logging
import Postgres
import Synchronization

extension Worker {
    /// Looks for dead workers and takes back what they held. The first look of each of this worker's lives is thorough:
    /// it also finds jobs whose worker has no row at all, as when somebody deleted it.
    func rescue() async {
        var lookedAfter: UInt64?
        while !Task.isCancelled {
            let (worker, lapses) = ledger.withLock { ($0.isStopping ? nil : $0.worker, $0.counters.lapses) }
            if let worker {
                do {
                    try await rescueOnce(worker, isThorough: lookedAfter != lapses)
                    lookedAfter = lapses
                } catch {
                    logger.debug("the look for dead workers failed: \(error)")
                }
            }
            try? await Task.sleep(for: settings.rescueInterval * (0.9 + 0.2 * settings.unit()))
        }
    }

    private func rescueOnce(_ worker: Int64, isThorough: Bool) async throws {
        let rows = try await database.query(
            """
            select worker, name, rescued
            from converged.rescue(\(worker), \(settings.deadAfter)::interval, \(isThorough))
            """)
        for (dead, name, rescued) in try rows.decode((Int64, String, Int64).self) {
            ledger.withLock { $0.counters.rescued += UInt64(rescued) }
            logger.warning(
                "worker \(dead) (\(name)) is dead: \(rescued) of its jobs run elsewhere now",
                metadata: ["message-id": "worker-rescued", "worker": "\(dead)", "rescued": "\(rescued)"])
        }
        if !rows.isEmpty {
            ledger.withLock { $0.isHinted = true }
            signal.fire()
        }
    }
}
