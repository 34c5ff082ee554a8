import Logging
import Postgres
import Synchronization

extension Worker {
    /// Writes the worker's row. Repeated until the database answers; a refusal for good is thrown at the start, and later
    /// only told.
    func register() async throws {
        var failures = 0
        while !ledger.withLock(\.isStopping), !Task.isCancelled {
            do {
                try await registerOnce()
                return
            } catch let error as PostgresError where error.isRetryable || error.kind == .poolExhausted {
                failures += 1
                logger.log(
                    level: failures == 1 ? .warning : .debug, "cannot register this worker yet: \(error)",
                    metadata: ["message-id": "database-unreachable"])
                try? await Task.sleep(for: .milliseconds(250) * (1 + settings.unit()))
            }
        }
    }

    private func registerOnce() async throws {
        let sentAt = ContinuousClock.now
        let registration: SQL = """
            insert into converged.workers (name, version, kinds, started_at, seen_at)
            values (\(settings.name), \(settings.version), \(kinds.map(\.name)), converged.now(), converged.now())
            returning id
            """
        let upkeep: SQL = "select converged.wake(\(JobKind.upkeepName), \(JobKind.upkeepKey), false)"
        // Those that share kinds with it learn that they are one more. Others don't: at the start of a daemon with hundreds of
        // droplets each would beat once for each other.
        let own = kinds.map(\.name).filter { $0 != JobKind.upkeepName }
        let news: SQL = """
            select pg_notify(\(Self.beatChannel), '') from converged.workers where kinds && \(own)::text[] having count(*) > 1
            """
        let rows = try await database.batch([registration] + JobKind.registration(kinds) + [upkeep, news])
        let id: Int64 = try rows[0].scalar()
        ledger.withLock { ledger in
            ledger.worker = id
            ledger.lastHeartbeat = sentAt
            ledger.isHinted = true
        }
        signal.fire()
    }

    /// Proves every 3 s that this worker lives, and hears what operators ask of it. After a lapse it registers anew, unless
    /// it stops: then nothing is left that needs a row.
    func beat() async {
        while !Task.isCancelled {
            let (worker, isStopping) = ledger.withLock { ($0.worker, $0.isStopping) }
            if worker == nil, isStopping { return }
            do {
                if let worker {
                    try await beatOnce(worker)
                } else {
                    try await withTimeout(settings.lapseAfter) { try await self.registerOnce() }
                }
                try await Task.sleep(for: settings.heartbeatInterval)
            } catch {
                if Task.isCancelled { return }
                logger.debug("a heartbeat failed: \(error)")
                try? await Task.sleep(for: settings.heartbeatInterval / 6 * (0.5 + settings.unit()))
            }
        }
    }

    /// An operator asked for the end of a job: hear it now. What goes wrong is mended by the next heartbeat.
    func beatNow() async {
        guard let worker = ledger.withLock(\.worker) else { return }
        try? await beatOnce(worker)
    }

    private func beatOnce(_ worker: Int64) async throws {
        // What counts is when the database may have taken it, so the time before it was sent.
        let sentAt = ContinuousClock.now
        let rows = try await withTimeout(settings.lapseAfter / 2) {
            try await self.database.query("select draining, cancelled, peers from converged.heartbeat(\(worker))")
        }
        guard let row = rows.first else {
            // A renewal under way gives the worker another row: that is no lapse.
            if !ledger.withLock(\.isUncertain) { lapse(worker, "another worker took this one for dead") }
            return
        }
        let isDraining: Bool = try row.decode(0)
        let cancelled: [Int64] = try row.decode(1)
        let peers: Int = try row.decode(2)
        let cancels = ledger.withLock { ledger -> [Task<Void, Never>] in
            guard ledger.worker == worker else { return [] }
            ledger.lastHeartbeat = sentAt
            ledger.isHinted = ledger.isHinted || (ledger.isDraining && !isDraining)
            ledger.isDraining = isDraining
            ledger.peers = max(1, peers)
            return ledger.request(cancelled, .now)
        }
        for task in cancels { task.cancel() }
        signal.fire()
    }

    /// The row goes at the end of a stop, unless something could not be handed back: then its age tells others.
    func unregister() async {
        // Taken out of the ledger first, so that a heartbeat under way does not take the missing row for a lapse.
        let row = ledger.withLock { ledger -> Int64? in
            guard ledger.isIdle else { return nil }
            defer { ledger.worker = nil }
            return ledger.worker
        }
        guard let worker = row else { return }
        do {
            _ = try await withTimeout(settings.cancelGrace) {
                try await self.database.query("select converged.remove_worker(\(worker))")
            }
        } catch {
            logger.info("this worker's row stays until others find it dead: \(error)")
        }
    }
}

/// Cancels the operation when it takes longer; it then throws what its cancellation makes it throw.
func withTimeout<Value: Sendable>(
    _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try? await Task.sleep(for: limit)
            return nil
        }
        while let value = try await group.next() {
            if let value {
                group.cancelAll()
                return value
            }
            group.cancelAll()
        }
        throw CancellationError()
    }
}
