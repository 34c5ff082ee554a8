import Postgres

/// What a worker knows of itself: its runs, its free capacity, what waits to be sent, and what happens when. Pure: it is
/// told the time and decides; ``Worker`` acts.
struct Ledger: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Why a run was cancelled.
    enum Reason: Sendable {
        case deadline, requested, stop, lapse
    }

    struct Run: Sendable {
        var lease: Lease
        var kind: Int
        var startedAt: Instant
        /// nil until it was started.
        var task: Task<Void, Never>?
        var cancelled: (reason: Reason, at: Instant)?
    }

    let kinds: [JobKind]
    let settings: WorkerSettings
    private let kindIndex: [String: Int]

    /// This process in `converged.workers`; nil before it is registered, and after it has lapsed.
    var worker: Int64?
    var lastHeartbeat: Instant?
    var isDraining = false
    /// Workers that share our kinds, this one included, as of the last heartbeat.
    var peers = 1
    var stoppedAt: Instant?
    var counters = Counters()
    /// Ends by ``Finish/Ending/place``.
    var ended = [UInt64](repeating: 0, count: Finish.Ending.allCases.count)

    /// By fence and job: after a lapse the same job can come back while its former run still ends.
    var runs: [RunID: Run] = [:]
    var busy: [Int]
    /// Leases asked for by the round trips under way.
    var asked: [Int]
    /// The last claim of the kind was full: there is likely more.
    var hasBacklog: [Bool]
    /// A look for due jobs was answered.
    var hasLooked = false
    /// Starts of each kind in order, which is the order of their deadlines, with runs that have ended meanwhile.
    var starts: [Starts]

    var pending: [Finish] = []
    var pendingSince: Instant?
    /// The last round trip took leases and left many ends: when they are due the next one is theirs.
    var hasLeftEnds = false
    /// Finishes are sent one by one, to find the one that the database refuses.
    var isIsolating = false

    /// Round trips under way, and when the last of them went out.
    var turning = 0
    var turnedAt: Instant
    var isHinted = true
    var failures = 0
    var retryAt: Instant?
    var pollAt: Instant
    var dueAt: Instant?
    var lastTick: Instant
    /// Where the look for due jobs begins while an old snapshot that somebody holds makes a full look slow; else nil.
    var floors: [Int64?]
    /// The next look is a full one from then on.
    var fullLookAt: Instant
    /// A round trip went out and no answer came: the database may hold leases for us that we don't know.
    var isUncertain = false

    struct RunID: Hashable, Sendable {
        var job: Int64
        var fence: Int64

        init(_ lease: Lease) {
            job = lease.job
            fence = lease.fence
        }
    }

    struct Starts: Sendable {
        var ids: [RunID] = []
        var head = 0
    }

    init(kinds: [JobKind], settings: WorkerSettings, now: Instant) {
        self.kinds = kinds
        self.settings = settings
        kindIndex = Dictionary(uniqueKeysWithValues: kinds.enumerated().map { ($1.name, $0) })
        busy = Array(repeating: 0, count: kinds.count)
        asked = busy
        floors = Array(repeating: nil, count: kinds.count)
        fullLookAt = now
        hasBacklog = Array(repeating: false, count: kinds.count)
        starts = Array(repeating: Starts(), count: kinds.count)
        turnedAt = now
        pollAt = now
        lastTick = now
    }

    func index(of kind: String) -> Int? { kindIndex[kind] }

    var isStopping: Bool { stoppedAt != nil }
    var isIdle: Bool { runs.isEmpty && pending.isEmpty && turning == 0 }

    func free(_ kind: Int) -> Int { max(0, kinds[kind].concurrency - busy[kind] - asked[kind]) }

    /// Runs that were cancelled and go on all the same.
    func overdue(_ now: Instant) -> [String] {
        runs.values.filter { run in
            guard let cancelled = run.cancelled else { return false }
            return cancelled.at + settings.cancelGrace < now
        }.map(\.lease.name).sorted()
    }

    var snapshot: Counters {
        var counters = counters
        for ending in Finish.Ending.allCases where ended[ending.place] > 0 {
            counters.finished[ending.rawValue] = ended[ending.place]
        }
        for (index, kind) in kinds.enumerated() { counters.running[kind.name] = busy[index] }
        return counters
    }
}
