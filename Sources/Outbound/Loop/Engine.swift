import CCurl
import DequeModule
import FoundationEssentials
import Logging

/// Owns everything that changes: budgets, breakers, waiters, transfers. Runs on the loop thread only, so that libcurl's
/// handles are never touched by two threads and every decision sees one consistent state.
actor Engine {
    /// How a wait ended.
    enum Wake: Sendable {
        case granted, cancelled, expired, closed
        case refused(String)
    }

    nonisolated let settings: OutboundSettings
    nonisolated let logger: Logger
    nonisolated let loop = Loop()
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    var budgets: BudgetTable
    var breakers: BreakerTable
    var counters = OutboundCounters()
    var isClosed = false

    let pool = EasyPool()
    var transfers: [UInt64: Transfer] = [:]
    var byHandle: [EasyHandle: Transfer] = [:]
    /// Responses being read, until the reader has seen the end or is gone.
    var streams: [UInt64: Transfer] = [:]
    var uploads: [UInt64: UploadBuffer] = [:]
    var waits: [UInt64: CheckedContinuation<Wake, Never>] = [:]
    /// Waiting for a place on the wire, in order.
    var queue: Deque<UInt64> = []
    var placesTaken = 0
    var alarms = Alarms()
    var emptied: CheckedContinuation<Void, Never>?
    private var lastNumber: UInt64 = 0

    init(_ settings: OutboundSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        budgets = BudgetTable(settings.budgets, maxBuckets: settings.maxBuckets)
        breakers = BreakerTable(settings.breakers)
        Self.configure(loop.multi, settings)
        loop.start { [weak self] in self?.assumeIsolated { $0.turn() } }
    }

    deinit { loop.stop() }

    func number() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    static func configure(_ multi: MultiHandle, _ settings: OutboundSettings) {
        multi.set(CURLMOPT_MAX_HOST_CONNECTIONS, settings.maxConnectionsPerHost)
        multi.set(CURLMOPT_MAXCONNECTS, min(64, settings.maxInFlight))
        multi.set(CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    }

    /// One round of the loop; returns for how many milliseconds nothing is due.
    private func turn() -> Int32 {
        if !transfers.isEmpty {
            loop.multi.perform()
            while let (easy, code) = loop.multi.nextDone() {
                if let transfer = byHandle[easy] { finish(transfer, code) }
            }
        }
        let now = Moment.now
        for number in alarms.expired(at: now) { expire(number, at: now) }
        grantBudgets(at: now)
        let next = [alarms.next, budgets.nextGrantAt].compactMap(\.self).min()
        return Int32(min(600_000, max(0, next.map { now.duration(to: $0).milliseconds } ?? 600_000)))
    }

    private func expire(_ number: UInt64, at now: Moment) {
        if waits[number] != nil { return leave(number, .expired) }
        if let transfer = transfers[number] { checkDeadlines(of: transfer, at: now) }
    }

    /// The task behind a number was cancelled.
    func cancel(_ number: UInt64) {
        if waits[number] != nil { return leave(number, .cancelled) }
        if let transfer = transfers[number] { end(transfer, Failure(.cancelled, transfer, "cancelled")) }
    }

    /// Refuses new calls, sends waiting ones back as not sent, lets those on the wire end by their own deadlines, and
    /// closes the kept connections. A cancelled caller ends the remaining ones at once.
    func close() async {
        isClosed = true
        for number in waits.keys { leave(number, .closed) }
        for number in streams.keys { abandon(number) }
        if !transfers.isEmpty {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    if transfers.isEmpty { continuation.resume() } else { emptied = continuation }
                }
            } onCancel: {
                Task { await self.endAll() }
            }
        }
        loop.replaceMulti { Self.configure($0, settings) }
    }

    private func endAll() {
        for number in transfers.keys { cancel(number) }
    }

    func snapshot() -> OutboundCounters {
        var snapshot = counters
        snapshot.inFlight = transfers.count
        snapshot.waiting = waits.count
        snapshot.buckets = budgets.bucketCount
        let now = Moment.now
        snapshot.openBreakers = breakers.open.mapValues { Self.date($0, now: now) }
        return snapshot
    }

    static func date(_ moment: Moment, now: Moment) -> Date {
        Date().addingTimeInterval(now.duration(to: moment).inSeconds)
    }
}
