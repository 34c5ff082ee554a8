import FoundationEssentials
import Postgres
import Queue
import Vendors

/// Assistants in containers on droplets: rows of `converged.pas`, keys `pa/<id>`.
public enum PAs {
    /// At most one unit of work of the checklist of a container.
    public typealias Checklist =
        @Sendable (_ container: String, _ pa: ChecklistSubject, _ lease: Lease) async throws -> Workload.Checklist

    /// What a daemon runs on a droplet that it serves.
    public static func jobKinds(
        on droplet: ServedDroplet, database: Database, keyRing: KeyRing?,
        settings: ContainerSettings = ContainerSettings()
    ) -> [JobKind] {
        let runner = ChecklistRunner(droplet: droplet, database: database, keyRing: keyRing)
        let checklist: Checklist = { container, pa, lease in
            Workload.Checklist(try await runner.advance(container, of: pa, lease: lease))
        }
        return [jobKind(on: droplet, database: database, keyRing: keyRing, checklist: checklist, settings: settings)]
    }

    /// The kind `pa@<droplet>`: makes one row and its container agree; also deletes.
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

extension Workload.Checklist {
    init(_ progress: ChecklistProgress) {
        switch progress {
        case .done: self = .done
        case .working(let step, let again):
            let parts = again.components
            let seconds = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
            self = .working(step: step, againSeconds: max(0.05, seconds))
        case .failed(let step, let why): self = .failed(step: step, why: why)
        }
    }
}
