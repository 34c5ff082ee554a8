import CCurl
import Glibc
import Synchronization

/// The one thread that talks to libcurl, as an executor: actor isolation then proves that nothing else does. It sleeps
/// in `curl_multi_poll` until a socket, a timer or a job wakes it.
///
/// `@unchecked Sendable`: `multi` and `turn` belong to the thread, the rest is behind `shared`.
final class Loop: SerialExecutor, @unchecked Sendable {
    private struct Shared {
        var jobs: [UnownedJob] = []
        var isAwake = true
        var isStopping = false
    }

    private let shared = Mutex(Shared())
    private var thread = pthread_t()
    private(set) var multi: MultiHandle
    /// One round of work on the thread; returns for how many milliseconds nothing is due. `nil` after the owner is gone.
    private var turn: (@Sendable () -> Int32?)?

    init() { multi = MultiHandle() }

    /// Starts the thread, which lives until `stop`.
    func start(_ turn: @escaping @Sendable () -> Int32?) {
        self.turn = turn
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 1 << 20)
        // Signals belong to the main thread; blocked before the start so that the thread inherits the mask. SIGPIPE
        // stays blocked in it too: OpenSSL writes without MSG_NOSIGNAL.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, &attributes,
            { context in
                Unmanaged<Loop>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        precondition(code == 0, "no thread for outbound calls: error \(code)")
        pthread_sigmask(SIG_SETMASK, &before, nil)
        pthread_attr_destroy(&attributes)
    }

    func stop() {
        shared.withLock { shared in
            shared.isStopping = true
            if !shared.isAwake { multi.wakeup() }
            shared.isAwake = true
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        shared.withLock { shared in
            shared.jobs.append(job)
            // Inside the lock: `replaceMulti` must not free the handle under us.
            if !shared.isAwake { multi.wakeup() }
            shared.isAwake = true
        }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    private var isCurrent: Bool { pthread_equal(pthread_self(), thread) != 0 }

    func checkIsolated() { precondition(isCurrent, "called outside the outbound thread") }
    func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Closes every kept connection. On the thread only, without transfers.
    func replaceMulti(_ configure: (MultiHandle) -> Void) {
        let fresh = MultiHandle()
        configure(fresh)
        let old = shared.withLock { _ in
            defer { multi = fresh }
            return multi
        }
        old.cleanup()
    }

    private func run() {
        // The creator writes `thread` after the new thread may already run.
        thread = pthread_self()
        while true {
            runJobs()
            guard let milliseconds = turn?() else { break }
            let isIdle = shared.withLock { shared in
                shared.isAwake = !shared.jobs.isEmpty || shared.isStopping
                return !shared.isAwake
            }
            if isIdle, milliseconds > 0 { multi.poll(milliseconds: milliseconds) }
            shared.withLock { $0.isAwake = true }
        }
        runJobs()
        multi.cleanup()
    }

    private func runJobs() {
        let jobs = shared.withLock { shared in
            defer { shared.jobs.removeAll(keepingCapacity: shared.jobs.capacity <= 1024) }
            return shared.jobs
        }
        for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
}
