import Postgres
import Queue
import Vendors

/// Public names of a droplet: rows of `converged.pas` and `converged.services` that Caddy beside them leads to their ports.
public enum Routes {
    /// Kind `routes@<droplet>`, key the droplet's name: makes its Caddy agree with its rows.
    ///
    /// - Parameter caddy: how an admin API is spoken to; which one is asked for is in the droplet's row.
    public static func jobKinds(
        on droplet: ServedDroplet, database: Database, caddy: @escaping @Sendable (CaddySettings) -> CaddyClient,
        settings: RouteSettings = RouteSettings()
    ) -> [JobKind] {
        let reconciler = RouteReconciler(
            droplet: droplet.name, database: database, caddy: caddy, settings: settings)
        return [
            JobKind(
                name: droplet.kind("routes"), concurrency: 1, deadline: .seconds(120),
                backoff: Backoff(base: .seconds(2), cap: .seconds(300))
            ) { try await reconciler.run($0) }
        ]
    }
}

public struct RouteSettings: Sendable {
    /// From one look at a settled Caddy to the next: others may have changed it, or it was started anew from its file.
    public var resync: Duration = .seconds(180)
    /// Reads and writes of one run while others change the same list.
    public var rounds = 5

    public init() {}
}
