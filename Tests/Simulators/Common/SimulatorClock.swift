import Foundation
import Synchronization

/// The time of a simulator: lags, boots, leases and buckets follow it, and tests can move it forward.
public final class SimulatorClock: Sendable {
    public enum Mode: Sendable {
        /// Runs with the real time, plus what was advanced.
        case real
        /// Stands still until it is advanced.
        case manual
    }

    let mode: Mode
    /// The calendar time at which the clock showed zero.
    let start: Date
    private let began = ContinuousClock.now
    private let shift = Mutex(Duration.zero)

    init(_ mode: Mode) {
        self.mode = mode
        // Whole milliseconds, because texts show no more.
        start = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 * 1000).rounded(.down) / 1000)
    }

    /// Since the start of the simulator.
    var now: Duration {
        let shifted = shift.withLock { $0 }
        return mode == .manual ? shifted : began.duration(to: .now) + shifted
    }

    func advance(by duration: Duration) { shift.withLock { $0 += duration } }

    func date(at time: Duration) -> Date { start.addingTimeInterval(time.seconds) }

    func text(_ time: Duration) -> String { Timestamp.text(date(at: time)) }
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    var milliseconds: Int { Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000) }
}
