import FoundationEssentials
import Postgres
import Queue
import Vendors

/// Team services and a droplet's own in containers: rows of `converged.services`, keys `service/<id>`.
public enum Services {
    /// A first start may bring a database up to date before it answers.
    public static var settings: ContainerSettings {
        var settings = ContainerSettings()
        settings.limits.provingSeconds = 900
        return settings
    }

    /// The kind `service@<droplet>`: makes one row and its container agree; also deletes.
    public static func jobKind(
        on droplet: ServedDroplet, database: Database, settings: ContainerSettings = Self.settings
    ) -> JobKind {
        let reconciler = reconciler(droplet, database, settings)
        return JobKind(
            name: droplet.kind("service"), concurrency: 8, deadline: .seconds(2400),
            backoff: Backoff(base: .seconds(2), cap: .seconds(600))
        ) { try await reconciler.run($0) }
    }

    /// Foresees for `plan@<droplet>`: writes the trace. Outside, nothing stays changed: reading an environment file needs a
    /// container for a moment.
    public static func plan(
        _ id: UUID, _ lease: Lease, on droplet: ServedDroplet, database: Database
    ) async throws -> Verdict {
        try await reconciler(droplet, database, settings).plan(id, lease)
    }

    private static func reconciler(
        _ droplet: ServedDroplet, _ database: Database, _ settings: ContainerSettings
    ) -> ServiceReconciler {
        ServiceReconciler(
            droplet: droplet, database: database, containers: ContainerReconciler(droplet, settings),
            files: EnvironmentFiles(docker: droplet.docker))
    }
}
