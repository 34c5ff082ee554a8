import Logging

/// Tells the supervisor that the daemon lives, at half the watchdog's interval and only while the gate says that
/// work gets done. A daemon that is stuck stays silent, says what is stuck, and is killed and started again.
public struct Watchdog: Sendable {
    private let notifier: ServiceNotifier
    private let period: Duration
    private let gate: @Sendable () async -> ProgressGate
    private let logger: Logger

    /// - Parameters:
    ///   - interval: ``ServiceNotifier/watchdogInterval``; without a supervisor's watchdog there is nothing to run.
    ///   - gate: asked before each ping. If it never answers, that is a stall too: nothing is sent.
    public init(
        _ notifier: ServiceNotifier, interval: Duration, logger: Logger,
        gate: @escaping @Sendable () async -> ProgressGate
    ) {
        self.notifier = notifier
        period = interval / 2
        self.gate = gate
        self.logger = logger
    }

    /// Runs until its task is cancelled, which must be the last thing in a shutdown: draining is watched as well.
    public func run() async {
        var last = ProgressGate.Verdict.healthy
        repeat {
            let verdict = await gate().verdict(at: .now)
            if verdict == .healthy { notifier.watchdog() }
            if verdict != last { tell(verdict) }
            last = verdict
        } while await isNextDue()
    }

    private func isNextDue() async -> Bool {
        do {
            try await Task.sleep(for: period)
            return true
        } catch {
            return false
        }
    }

    private func tell(_ verdict: ProgressGate.Verdict) {
        switch verdict {
        case .healthy:
            notifier.status("making progress again")
            logger.notice("making progress again, the watchdog is fed")
        case .stalled(let names):
            let list = names.joined(separator: ", ")
            notifier.status("stalled: \(list)")
            logger.critical(
                "no progress in \(list): the watchdog is not fed, systemd will restart the daemon",
                metadata: ["message-id": "\(MessageID.watchdogStalled.name)", "reason": "\(list)"])
        }
    }
}
