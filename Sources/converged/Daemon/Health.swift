import Postgres
import Queue
import Reconcilers
import Systemd

/// What proves that the daemon works, and what it says about itself in one line.
struct Health: Sendable {
    let parts: Parts

    /// A loop that has not moved for this long is stuck: half the watchdog's usual 30 s.
    private static let maxAge = Duration.seconds(15)
    /// A fail-over is no reason to restart; a database that stays away for longer may be our fault.
    private static let patience = Duration.seconds(60)

    /// Reasons that do not go away by waiting.
    private static let forPeople = [
        Reason.unknownProfile, .invalidImage, .imagePullFailed, .invalidRegion, .invalidEnvironment, .specRefused,
        .volumeCannotShrink, .nameTaken, .foreignMachine, .quotaExceeded, .volumeLost, .restartLimit,
        .vendorUnauthorized, .keyRingMissing, .populationDropped, .rolloutHalted, .anotherEngine, .notServed,
        .crashLooping,
    ].map(\.rawValue)

    var gate: ProgressGate {
        ProgressGate(
            Self.checks(parts.worker, "")
                + parts.droplets.workers.flatMap { Self.checks($0.worker, " of \($0.droplet)") })
    }

    private static func checks(_ worker: Worker, _ whose: String) -> [ProgressGate.Check] {
        let progress = worker.progress()
        var checks = [ProgressGate.Check("scheduler\(whose)", lastProgress: progress.lastTick, maxAge: maxAge)]
        // Before the first heartbeat the worker is still looking for its database: not stuck, and told by STATUS.
        if let heartbeat = progress.lastHeartbeat {
            checks.append(.init("database\(whose)", lastProgress: heartbeat, maxAge: patience))
        }
        // Long past its deadline already when it is listed.
        checks += progress.overdue.map { .init("job \($0)", lastProgress: .now - .seconds(1), maxAge: .zero) }
        return checks
    }

    /// `412 machines: 400 running, 12 provisioning · 3 droplets · 12 jobs at work · 3 conditions need a person`
    func describe() async throws -> String {
        let rows = try await parts.database.query(
            "select status, count(*) from converged.machines group by status order by count(*) desc, status")
        let counts = try rows.map { try $0.decode((String, Int).self) }
        let waiting = try await parts.database.query(
            """
            select count(*) from converged.conditions
            where status = 'False' and reason = any(\(Self.forPeople))
            """)
        let total = counts.reduce(0) { $0 + $1.1 }
        let running = parts.counters().running.values.reduce(0, +)
        var line = total == 1 ? "1 machine" : "\(total) machines"
        if total > 0 { line += ": " + counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ") }
        let droplets = parts.droplets.workers.count
        if droplets > 0 { line += droplets == 1 ? " · 1 droplet" : " · \(droplets) droplets" }
        line += running == 1 ? " · 1 job at work" : " · \(running) jobs at work"
        let blocked = try waiting[0].decode(0, as: Int.self)
        if blocked > 0 {
            line += blocked == 1 ? " · 1 condition needs a person" : " · \(blocked) conditions need a person"
        }
        return line
    }
}
