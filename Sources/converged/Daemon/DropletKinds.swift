import Outbound
import Postgres
import Queue
import Reconcilers
import Vendors

/// What is done on each droplet that this process serves, besides its survey: the one place that knows all of it.
struct DropletKinds: Sendable {
    let database: Database
    let outbound: Outbound
    let keyRing: KeyRing
    let backups: BackupSettings

    func all(on droplet: ServedDroplet) -> [JobKind] {
        PAs.jobKinds(on: droplet, database: database, keyRing: keyRing)
            + [Reconcilers.Services.jobKind(on: droplet, database: database), plans(droplet)]
            + Routes.jobKinds(
                on: droplet, database: database, caddy: { CaddyClient(outbound: outbound, settings: $0) })
            + Backups.jobKinds(on: droplet, database: database, settings: backups)
    }

    /// What would be done is foreseen and written down, nothing is changed.
    private func plans(_ droplet: ServedDroplet) -> JobKind {
        ContainerPlans.jobKind(
            on: droplet,
            [
                "pa": { try await PAs.plan($0, $1, on: droplet, database: database, keyRing: keyRing) },
                "service": { try await Reconcilers.Services.plan($0, $1, on: droplet, database: database) },
            ])
    }
}
