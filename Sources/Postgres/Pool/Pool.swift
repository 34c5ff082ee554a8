import CPostgres
import Logging

/// The thin shell around `PoolStateMachine`: carries out its actions and tells it what happened.
@Loop final class Pool {
    nonisolated let settings: DatabaseSettings
    nonisolated let logger: Logger
    private var machine: PoolStateMachine
    private var wires: [Int: Wire] = [:]
    private var waiters: [Int: CheckedContinuation<Wire, any Error>] = [:]
    private var nextWaiter = 0
    private var nextLease = 0
    private var lastFailure: PostgresError?
    private var alarm: (at: ContinuousClock.Instant, task: Task<Void, Never>)?
    private var closers: [CheckedContinuation<Void, Never>] = []
    private var isDrained = false
    private var listeners: [Int: Task<Void, Never>] = [:]
    private var nextListener = 0

    nonisolated init(_ settings: DatabaseSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        var limits = PoolStateMachine.Limits()
        limits.maxConnections = max(1, settings.maxConnections)
        limits.maxWaiters = settings.maxWaiters
        limits.acquireTimeout = settings.acquireTimeout
        limits.idleTimeout = settings.idleTimeout
        limits.maxLifetime = settings.maxLifetime
        machine = PoolStateMachine(limits: limits)
    }

    // MARK: Callers

    func acquire() async throws -> Wire {
        if Task.isCancelled { throw Self.cancelledEarly }
        nextWaiter += 1
        let waiter = nextWaiter
        // Nearly always there is an idle one. For all else the caller is in line before it asks: others may run in between.
        while machine.hasIdle, case .give(let id, _)? = machine.request(waiter: waiter, now: .now).first {
            if let wire = wires[id], wire.isAlive { return lend(wire) }
            perform(machine.release(id, isReusable: false, now: .now))
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled { return continuation.resume(throwing: Self.cancelledEarly) }
                waiters[waiter] = continuation
                perform(machine.request(waiter: waiter, now: .now))
            }
        } onCancel: {
            Task { @Loop in self.withdraw(waiter) }
        }
    }

    private static let cancelledEarly = PostgresError(.cancelled, "cancelled before it was sent")

    /// Takes it back, cleaned if it needs that.
    func release(_ wire: Wire) async {
        if !wire.isClean, !wire.isDead, !wire.isBusy, !wire.isCopying { await wire.rollBack() }
        wire.lease = 0
        wire.dropNotices()
        let isReusable = wire.isClean
        perform(machine.release(wire.id, isReusable: isReusable, now: .now))
    }

    /// The statements in one transaction of their own. What never left the process is sent again elsewhere.
    func run(_ statements: [SQL]) async throws -> [Rows] {
        var attempt = 0
        while true {
            let wire = try await acquire()
            do {
                let rows = try await wire.run(statements, .autocommit)
                await release(wire)
                return rows
            } catch {
                await release(wire)
                attempt += 1
                guard let error = error as? PostgresError, error.isUnsent, attempt < 3 else { throw error }
            }
        }
    }

    /// Lets what runs finish for a while, then cuts it.
    func close(grace: Duration) async {
        perform(machine.close())
        for listener in listeners.values { listener.cancel() }
        if isDrained { return }
        let cut = Task { @Loop in
            try? await Task.sleep(for: grace)
            if !Task.isCancelled { for wire in wires.values { wire.kill() } }
        }
        // On the way into the closure the loop may have turned, and the last connection come back.
        await withCheckedContinuation { if isDrained { $0.resume() } else { closers.append($0) } }
        cut.cancel()
    }

    // MARK: Listeners, which have connections of their own but end with the pool

    func enroll(_ listener: Task<Void, Never>) -> Int {
        nextListener += 1
        listeners[nextListener] = listener
        if machine.isClosed { listener.cancel() }
        return nextListener
    }

    func dismiss(_ listener: Int) { listeners[listener] = nil }

    // MARK: Effects

    private func withdraw(_ waiter: Int) {
        guard let continuation = waiters.removeValue(forKey: waiter) else { return }
        machine.withdraw(waiter: waiter)
        continuation.resume(throwing: PostgresError(.cancelled, "cancelled while waiting for a connection"))
    }

    private func perform(_ actions: [PoolStateMachine.Action]) {
        for action in actions {
            switch action {
            case .connect(let id): connect(id)
            case .give(let id, let waiter): give(id, waiter)
            case .refuse(let waiter, let refusal):
                waiters.removeValue(forKey: waiter)?.resume(throwing: error(for: refusal))
            case .close(let id): wires[id] = nil
            case .drained: drained()
            }
        }
        setAlarm()
    }

    private func give(_ id: Int, _ waiter: Int) {
        guard let wire = wires[id], wire.isAlive else {
            return perform(machine.findDead(id, now: .now))
        }
        guard let continuation = waiters.removeValue(forKey: waiter) else {
            return perform(machine.release(id, isReusable: true, now: .now))
        }
        continuation.resume(returning: lend(wire))
    }

    private func lend(_ wire: Wire) -> Wire {
        nextLease += 1
        wire.lease = nextLease
        return wire
    }

    private func connect(_ id: Int) {
        Task { @Loop in
            do {
                let handle = try await Handle.open(settings, logger: logger)
                lastFailure = nil
                wires[id] = Wire(id: id, handle: handle, settings: settings)
                perform(machine.connected(id, lifetime: .random(in: 0.9...1.1), now: .now))
            } catch let error as PostgresError {
                if lastFailure == nil { logger.warning("no connection to Postgres, trying on: \(error.message)") }
                lastFailure = error
                perform(machine.failedToConnect(id, jitter: .random(in: 0...1), now: .now))
            }
        }
    }

    private func error(for refusal: PoolStateMachine.Refusal) -> PostgresError {
        switch refusal {
        case .closed: return PostgresError(.closed, "the database was closed")
        case .lineFull:
            return PostgresError(.poolExhausted, "\(settings.maxWaiters) callers are already waiting for a connection")
        case .waitedTooLong:
            if let lastFailure { return lastFailure }
            return machine.leasedCount == 0
                ? PostgresError(.connection, "no connection could be made within \(settings.acquireTimeout)")
                : PostgresError(
                    .poolExhausted,
                    "none of \(settings.maxConnections) connections became free within \(settings.acquireTimeout)")
        }
    }

    private func drained() {
        isDrained = true
        alarm?.task.cancel()
        for closer in closers { closer.resume() }
        closers = []
    }

    private func setAlarm() {
        guard let next = machine.nextTick, !isDrained else { return }
        if let alarm, alarm.at <= next { return }
        alarm?.task.cancel()
        let task = Task { @Loop [weak self] in
            try? await Task.sleep(until: next, clock: .continuous)
            guard !Task.isCancelled, let self else { return }
            self.alarm = nil
            self.perform(self.machine.tick(now: .now))
        }
        alarm = (next, task)
    }
}
