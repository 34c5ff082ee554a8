import CPostgres
import Glibc

/// Threads for the few libpq calls that block by design: connecting (name resolution) and `PQcancel`.
/// They are rare, so each call gets a short-lived thread instead of a place in a pool that could fill up.
enum SideThread {
    private final class Work: Sendable {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    static func start(name: String, _ run: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(name: name, run: run))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 1 << 20)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                let work = Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue()
                pthread_setname_np(pthread_self(), work.name)
                work.run()
                return nil
            }, work.toOpaque())
        precondition(status == 0, "cannot start a thread for Postgres: errno \(status)")
    }

    /// Runs blocking work away from both the cooperative pool and the loop.
    static func run<Value: Sendable>(name: String, _ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            start(name: name) { continuation.resume(returning: body()) }
        }
    }
}
