import FoundationEssentials
import Queue

/// The kind `plan@<droplet>`: keys `pa/<id>` and `service/<id>`, for `converged plan`. Looks and writes the trace; changes
/// nothing outside.
public enum ContainerPlans {
    /// Foresees one row's run; the row may be gone.
    public typealias Planner = @Sendable (_ id: UUID, _ lease: Lease) async throws -> Verdict

    /// - Parameter planners: by kind of the row.
    public static func jobKind(on droplet: ServedDroplet, _ planners: [String: Planner]) -> JobKind {
        JobKind(name: droplet.kind("plan"), concurrency: 4, deadline: .seconds(60), maxAttempts: 3) { lease in
            let parts = (lease.key ?? "").split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2, let id = UUID(uuidString: parts[1]), let planner = planners[parts[0]] else {
                return Verdict(.blocked("\(lease.name): a key like pa/<id> is wanted"))
            }
            return try await planner(id, lease)
        }
    }
}
