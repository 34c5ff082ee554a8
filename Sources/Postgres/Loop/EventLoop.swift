import CPostgres
import Glibc
import Synchronization

/// Why a wait on a socket ended.
enum Wake: Sendable { case ready, deadline, interrupted }

/// What a wait on a socket is for.
struct Interest: OptionSet, Sendable {
    let rawValue: UInt32
    static let read = Interest(rawValue: EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
    static let write = Interest(rawValue: EPOLLOUT.rawValue)
}

/// One thread that runs every libpq call of the process and sleeps in epoll while there is none.
///
/// libpq is not thread-safe per connection and some of its calls are long; a thread of its own keeps both
/// facts away from the cooperative pool. Everything below `inbox` is touched by that thread only.
final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    static let shared = EventLoop()

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var sleeping = false
    }

    private struct Wait {
        let continuation: CheckedContinuation<Wake, Never>
        let deadline: ContinuousClock.Instant?
    }

    private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    private let bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    private let thread = Atomic<UInt>(0)
    private let inbox = Mutex(Inbox())
    private var waits: [Int32: Wait] = [:]

    private init() {
        precondition(epoll >= 0 && bell >= 0, "epoll or eventfd is not available: errno \(errno)")
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: bell))
        precondition(epoll_ctl(epoll, EPOLL_CTL_ADD, bell, &event) == 0, "epoll_ctl failed: errno \(errno)")
        SideThread.start(name: "postgres") { self.run() }
    }

    var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    // MARK: SerialExecutor

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let ring = inbox.withLock { inbox in
            inbox.jobs.append(job)
            defer { inbox.sleeping = false }
            return inbox.sleeping
        }
        if ring {
            var one: UInt64 = 1
            _ = write(bell, &one, 8)
        }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    func checkIsolated() { precondition(isCurrent, "not on the Postgres loop") }

    // MARK: Waiting

    /// Waits until the socket is ready, the deadline passes or `interrupt` is called. May wake for nothing:
    /// callers look again.
    /// - Parameter deadline: asked when the wait begins: on the way there the loop may turn, and somebody shorten it.
    @Loop func wait(
        _ socket: Int32, _ interest: Interest, until deadline: () -> ContinuousClock.Instant?
    ) async -> Wake {
        await withCheckedContinuation { continuation in
            guard arm(socket, interest) else { return continuation.resume(returning: .ready) }
            waits[socket] = Wait(continuation: continuation, deadline: deadline())
        }
    }

    @Loop func interrupt(_ socket: Int32) {
        waits.removeValue(forKey: socket)?.continuation.resume(returning: .interrupted)
    }

    /// False when the socket is already gone, which libpq will report in its own words.
    private func arm(_ socket: Int32, _ interest: Interest) -> Bool {
        var event = epoll_event(
            events: interest.rawValue | EPOLLONESHOT.rawValue, data: epoll_data_t(fd: socket))
        if epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) == 0 { return true }
        return errno == ENOENT && epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0
    }

    // MARK: The thread

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        var jobs: [UnownedJob] = []
        while true {
            let idle = inbox.withLock { inbox in
                inbox.sleeping = inbox.jobs.isEmpty
                return inbox.sleeping
            }
            let count = epoll_wait(epoll, &events, Int32(events.count), idle ? millisecondsToDeadline() : 0)
            inbox.withLock { $0.sleeping = false }
            for event in events.prefix(Int(max(count, 0))) { dispatch(event.data.fd) }
            expire()
            // What they leave for this thread is mostly the rest of a round trip: it goes on at once, a while.
            var rounds = 0
            while rounds < 32, work(&jobs) { rounds += 1 }
        }
    }

    /// Runs what is in the inbox; false when that is nothing.
    private func work(_ jobs: inout [UnownedJob]) -> Bool {
        inbox.withLock { swap(&$0.jobs, &jobs) }
        for job in jobs {
            job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
        defer { jobs.removeAll(keepingCapacity: true) }
        return !jobs.isEmpty
    }

    private func dispatch(_ socket: Int32) {
        guard socket != bell else {
            var count: UInt64 = 0
            _ = read(bell, &count, 8)
            return
        }
        waits.removeValue(forKey: socket)?.continuation.resume(returning: .ready)
    }

    private func expire() {
        guard waits.contains(where: { $0.value.deadline != nil }) else { return }
        let now = ContinuousClock.now
        let late = waits.filter { $0.value.deadline.map { $0 <= now } ?? false }.keys
        for socket in late { waits.removeValue(forKey: socket)?.continuation.resume(returning: .deadline) }
    }

    /// There are only as many waits as connections: looking at all of them is cheaper than a heap.
    private func millisecondsToDeadline() -> Int32 {
        guard let next = waits.values.compactMap(\.deadline).min() else { return -1 }
        let left = ContinuousClock.now.duration(to: next).components
        let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
        return Int32(clamping: max(0, milliseconds))
    }
}

/// The isolation of everything that touches libpq.
@globalActor actor Loop {
    static let shared = Loop()
    nonisolated var unownedExecutor: UnownedSerialExecutor { EventLoop.shared.asUnownedSerialExecutor() }
}
