import Logging
import Postgres
import Synchronization

/// Leases jobs of its kinds and runs them; any number of workers share one database.
///
/// `run()` works until its task is cancelled, which is the soft stop: no new leases, `grace` for what runs, then the runs
/// are cancelled and their jobs handed back uncounted. It survives the loss of the database.
public final class Worker: Sendable {
    let database: Database
    let kinds: [JobKind]
    let settings: WorkerSettings
    let logger: Logger
    let ledger: Mutex<Ledger>
    /// Something happened that may be worth a round trip: everybody fires it, the loop of `run()` hears it.
    let signal = Signal()

    /// - Parameter kinds: names are unique. `upkeep` is added by itself.
    public init(database: Database, kinds: [JobKind], settings: WorkerSettings, logger: Logger) {
        self.database = database
        self.kinds = kinds + [.upkeep(database)]
        self.settings = settings
        self.logger = logger
        ledger = Mutex(Ledger(kinds: self.kinds, settings: settings, now: .now))
    }

    /// - Throws: `PostgresError` when the database refuses the worker for good at the start (no such schema, no rights).
    public func run() async throws {
        try await register()
        // The task of `run()` is cancelled for a soft stop, and cancellation would reach every run at once: so the work
        // has a task of its own, which this one always waits for.
        let work = Task(executorPreference: database.executor) { await self.work() }
        await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            ledger.withLock { $0.stoppedAt = $0.stoppedAt ?? .now }
            signal.fire()
        }
    }

    /// For metrics.
    public func counters() -> Counters { ledger.withLock(\.snapshot) }

    /// For the watchdog.
    public func progress() -> WorkerProgress {
        ledger.withLock { ledger in
            WorkerProgress(
                lastTick: ledger.lastTick, lastHeartbeat: ledger.lastHeartbeat, overdue: ledger.overdue(.now))
        }
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.beat() }
            group.addTask { await self.rescue() }
            group.addTask { await self.schedule() }
            if settings.listens { group.addTask { await self.listen() } }
            let alarm = Alarm(signal)
            for await _ in signal.events {
                if !step(&group) { break }
                alarm.set(ledger.withLock { $0.nextAlarm(.now) })
            }
            alarm.stop()
            await unregister()
            group.cancelAll()
        }
    }

    /// One look at the ledger; false when the stop is over.
    private func step(_ group: inout DiscardingTaskGroup) -> Bool {
        let now = ContinuousClock.now
        let (cancels, hasLapsed) = ledger.withLock { ledger in
            let lapses = ledger.counters.lapses
            return (ledger.expire(now), ledger.counters.lapses > lapses)
        }
        for task in cancels { task.cancel() }
        if hasLapsed { tellLapse("no heartbeat got through for \(settings.lapseAfter)") }
        if let turn = ledger.withLock({ $0.nextTurn(now) }) {
            group.addTask { await self.perform(turn) }
        } else if let renewal = ledger.withLock({ $0.nextRenewal(now) }) {
            group.addTask { await self.renew(renewal) }
        }
        return ledger.withLock { ledger in
            guard ledger.isStopping else { return true }
            return !ledger.isIdle && ledger.stopEnd.map { now < $0 } ?? true
        }
    }

    func tellLapse(_ reason: String) {
        logger.error(
            "this worker stops its runs and starts over: \(reason)", metadata: ["message-id": "lease-lost"])
    }
}
