import Logging
import Postgres
import Queue

/// New images on their way through the PAs: rows of `converged.rollouts`, keys `rollout/<id>`. It calls no vendor: it gives
/// rows their image, and learns from the conditions that the workers of the droplets write.
public enum Rollouts {
    /// For every daemon: the job's key makes it run once among them.
    public static func jobKind(database: Database, logger: Logger) -> JobKind {
        let reconciler = RolloutReconciler(database: database, logger: logger)
        return JobKind(
            name: "rollout", concurrency: 4, deadline: .seconds(60),
            backoff: Backoff(base: .seconds(1), cap: .seconds(30))
        ) { try await reconciler.run($0) }
    }
}

/// One run of a key: read → decide → one transaction.
struct RolloutReconciler: Sendable {
    let database: Database
    let logger: Logger

    func run(_ lease: Lease) async throws -> Verdict {
        guard let id = lease.key.flatMap({ Int64($0) }), let view = try await RolloutView.read(id, from: database)
        else {
            return Verdict(.settled(next: nil))
        }
        let plan = RolloutPlan(view)
        let rollout = plan.view.rollout
        if rollout.state == .halted, view.rollout.state != .halted {
            logger.error(
                "rollout \(id) to \(rollout.image) is halted: \(rollout.why)",
                metadata: ["message-id": "rollout-halted"])
        }
        let writes = try plan.writes(lease, seen: view.rollout)
        let log = ["state": rollout.state.rawValue, "progress": rollout.why]
        guard let seconds = plan.lookAgainSeconds else {
            return Verdict(.settled(next: nil), writes: writes, log: log)
        }
        return Verdict(.again(after: .seconds(seconds)), writes: writes, log: log)
    }
}
