import Postgres
import Queue
import Vendors

/// What the end of a run tells: the condition `Routes` of the droplet, an event for what was changed, and which routes
/// are ours no longer. Pure.
struct RouteReport: Sendable {
    enum Ending: Sendable, Equatable {
        case absent
        /// Seen to agree, but for what is blocked.
        case agreed(_ changes: [String], blocks: [RouteBlock])
        case failed(Reason, String, _ changes: [String])
    }

    let desired: DesiredRoutes
    let ending: Ending

    init(_ desired: DesiredRoutes, _ ending: Ending) {
        self.desired = desired
        self.ending = ending
    }

    /// - Parameter resync: until the next look at an agreeing Caddy.
    func verdict(resync: Duration?) -> Verdict {
        let outcome: Outcome =
            switch ending {
            case .failed(_, let why, _): .retry(because: why)
            case .absent, .agreed: .settled(next: resync)
            }
        var log = ["routes": "\(desired.wanted.count)"]
        if !changes.isEmpty { log["changes"] = changes.joined(separator: "; ") }
        return Verdict(outcome, writes: writes, log: log)
    }

    var condition: (status: String, reason: Reason, message: String) {
        switch ending {
        case .absent:
            return ("Unknown", .noCaddy, "\(desired.droplet) has no Caddy that we may change: caddy_admin is null")
        case .failed(let reason, let why, _): return ("False", reason, why)
        case .agreed(_, let blocks):
            let troubles = desired.faults + blocks.map(\.description)
            return troubles.isEmpty
                ? ("True", .routesCurrent, "\(desired.wanted.count) routes")
                : ("False", .routeBlocked, String(troubles.sorted().joined(separator: "; ").prefix(1000)))
        }
    }

    private var changes: [String] {
        switch ending {
        case .absent: []
        case .agreed(let changes, _), .failed(_, _, let changes): changes
        }
    }

    private var writes: [SQL] {
        let (status, reason, message) = condition
        var writes = StatedCondition(
            kind: "droplet", key: desired.droplet, type: "Routes", status: status, reason: reason, message: message,
            generation: desired.generation
        ).writes
        if !changes.isEmpty {
            writes.append(
                """
                insert into converged.events (kind, key, actor, reason, message)
                values ('droplet', \(desired.droplet), 'converged', 'RoutesChanged',
                    \(String(changes.joined(separator: "; ").prefix(1000))))
                """)
        }
        // Only what was seen to be gone.
        if case .agreed = ending, !desired.unwanted.isEmpty {
            writes.append(
                """
                delete from converged.routes
                where droplet = \(desired.droplet) and id = any (\(desired.unwanted.map(\.text).sorted())::text[])
                """)
        }
        return writes
    }
}
