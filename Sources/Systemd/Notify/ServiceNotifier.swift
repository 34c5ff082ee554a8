import CSystemd
import Dispatch

/// What the daemon tells its supervisor (`sd_notify`); without one (`$NOTIFY_SOCKET` unset) nothing happens.
///
/// `sd_notify` waits while the supervisor's queue is full, and losing READY=1 would be worse than waiting. So
/// messages leave in order on a thread of their own, never on the cooperative pool.
public struct ServiceNotifier: Sendable {
    private let queue = DispatchQueue(label: "sd_notify")

    public init() {}

    /// The start (or a reload) is done.
    public func ready() { send("READY=1") }

    /// One line for `systemctl status`.
    public func status(_ line: String) { send("STATUS=\(Self.oneLine(line))") }

    /// A reload began; ``ready()`` must follow.
    public func reloading() { send("RELOADING=1") }

    /// The daemon drains: no new work is taken.
    public func stopping() { send("STOPPING=1") }

    /// Asks for more time to start, reload or stop, counted from now. Repeat it before it runs out.
    public func extendTimeout(_ time: Duration) { send("EXTEND_TIMEOUT_USEC=\(time.microseconds)") }

    /// The daemon makes progress. Only ``Watchdog`` calls this.
    public func watchdog() { send("WATCHDOG=1") }

    /// Returns when everything said so far has left: before `exit`, or the last words are lost.
    public func flush() async {
        await withCheckedContinuation { done in queue.async { done.resume() } }
    }

    /// How long the supervisor waits for a sign of progress before it kills; nil when it doesn't watch this process.
    public static var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    private func send(_ state: String) {
        queue.async { _ = sd_notify(0, state) }
    }

    /// A newline would end the field and start another one, which a value must not be able to do.
    static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}

extension Duration {
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
