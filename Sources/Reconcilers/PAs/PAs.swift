import FoundationEssentials
import Postgres
import Queue
import Vendors

/// Assistants in containers on droplets: rows of `converged.pas`, keys `pa/<id>`.
public enum PAs {
    /// Whose checklist it is, and what its texts know.
    public struct ChecklistOwner: Sendable {
        public var id: UUID
        public var name: String
        public var team: String
        public var droplet: String
        public var port: Int
        public var image: String
    }

    /// At most one unit of work of the checklist of a container.
    public typealias Checklist =
        @Sendable (_ container: String, _ pa: ChecklistOwner, _ lease: Lease) async throws -> Workload.Checklist

    /// The kinds `pa@<droplet>` (makes one row and its container agree; also deletes).
    ///
    /// - Parameter keyRing: nil when there is none: rows then wait with the condition KeyRingMissing.
    public static func jobKind(
        on droplet: ServedDroplet, database: Database, keyRing: KeyRing?, checklist: Checklist?,
        settings: ContainerSettings = ContainerSettings()
    ) -> JobKind {
        let reconciler = PAReconciler(
            droplet: droplet, database: database, keyRing: keyRing,
            containers: ContainerReconciler(droplet, settings), checklist: checklist)
        return JobKind(
            name: droplet.kind("pa"), concurrency: 16, deadline: .seconds(2400),
            backoff: Backoff(base: .seconds(2), cap: .seconds(600))
        ) { try await reconciler.run($0) }
    }

    /// Foresees for `plan@<droplet>`: writes the trace, changes nothing outside.
    public static func plan(
        _ id: UUID, _ lease: Lease, on droplet: ServedDroplet, database: Database, keyRing: KeyRing?
    ) async throws -> Verdict {
        let reconciler = PAReconciler(
            droplet: droplet, database: database, keyRing: keyRing, containers: ContainerReconciler(droplet),
            checklist: nil)
        return try await reconciler.plan(id, lease)
    }
}
