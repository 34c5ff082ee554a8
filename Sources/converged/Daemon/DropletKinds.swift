import FoundationEssentials
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

    func all(on droplet: ServedDroplet) -> [JobKind] {
        [pas(droplet), plans(droplet)]
            + Routes.jobKinds(
                on: droplet, database: database, caddy: { CaddyClient(outbound: outbound, settings: $0) })
    }

    private func pas(_ droplet: ServedDroplet) -> JobKind {
        let runner = ChecklistRunner(droplet: droplet, database: database, keyRing: keyRing)
        return PAs.jobKind(on: droplet, database: database, keyRing: keyRing) { container, pa, lease in
            let subject = ChecklistSubject(
                id: pa.id, name: pa.name, team: pa.team, droplet: pa.droplet, port: pa.port, image: pa.image)
            switch try await runner.advance(container, of: subject, lease: lease) {
            case .done: return .done
            case .working(let step, let again): return .working(step: step, againSeconds: again / .seconds(1))
            case .failed(let step, let why): return .failed(step: step, why: why)
            }
        }
    }

    /// Keys `pa/<id>`: what would be done is foreseen and written down, nothing is changed.
    private func plans(_ droplet: ServedDroplet) -> JobKind {
        JobKind(name: droplet.kind("plan"), concurrency: 4, deadline: .seconds(60), maxAttempts: 3) { lease in
            let parts = (lease.key ?? "").split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2, let id = UUID(uuidString: parts[1]) else {
                return Verdict(.blocked("'\(lease.key ?? "")' is no key of a plan: pa/ID"))
            }
            switch parts[0] {
            case "pa":
                return try await PAs.plan(id, lease, on: droplet, database: database, keyRing: keyRing)
            default: return Verdict(.blocked("nobody foresees for kind '\(parts[0])'"))
            }
        }
    }
}
