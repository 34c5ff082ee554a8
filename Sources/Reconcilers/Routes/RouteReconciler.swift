import Postgres
import Queue
import Vendors

/// One run of the key `routes@<droplet>/<droplet>`: rows → routes of Caddy → plan → one write → tell.
struct RouteReconciler: Sendable {
    let droplet: String
    let database: Database
    let caddy: @Sendable (CaddySettings) -> CaddyClient
    let settings: RouteSettings

    func run(_ lease: Lease) async throws -> Verdict {
        guard let desired = try await DesiredRoutes.read(droplet, from: database) else {
            return Verdict(.settled(next: nil))
        }
        guard let address = desired.caddy else {
            return RouteReport(desired, .absent).verdict(resync: nil)
        }
        // Whatever happens from here on, it is known what was put there.
        let news = desired.news
        if !news.isEmpty { try await lease.write([remember(news)]) }
        let ending = try await converge(desired, caddy(address))
        return RouteReport(desired, ending).verdict(resync: settings.resync)
    }

    /// Looks and writes until there is nothing left to write. An answer that was lost is looked up by the next round,
    /// and so is what somebody else changed meanwhile.
    private func converge(_ desired: DesiredRoutes, _ caddy: CaddyClient) async throws -> RouteReport.Ending {
        var changes: [String] = []
        do {
            for _ in 0..<settings.rounds {
                let list = try await caddy.routes()
                let plan = try RoutePlan(
                    wanted: desired.wanted, unwanted: desired.unwanted, current: list.array)
                guard let change = plan.change else { return .agreed(changes, blocks: plan.blocks) }
                do {
                    try await caddy.apply(change, to: list)
                    changes.append(change.description)
                } catch let error as CaddyError where error.kind == .outcomeUnknown {
                    changes.append(change.description)
                } catch let error as CaddyError where error.kind == .changedMeanwhile {
                    continue
                }
            }
        } catch let error as CaddyError {
            return .failed(error.isTerminal ? .routesRefused : .caddyUnreachable, "\(error)", changes)
        } catch let error as RouteArrayUnreadable {
            return .failed(.routesRefused, "\(error)", changes)
        }
        return .failed(
            .routesRefused,
            "somebody else changed the routes of \(caddy.settings.server.name) at \(caddy.settings.admin) in each of "
                + "\(settings.rounds) rounds", changes)
    }

    private func remember(_ routes: [CaddyRoute]) -> SQL {
        """
        insert into converged.routes as r (droplet, id, host, port, asked_at)
        select \(droplet), *, converged.now() from unnest(
            \(routes.map(\.id.text))::text[], \(routes.map(\.host.text))::text[], \(routes.map(\.port))::integer[])
        on conflict (droplet, id) do update
            set host = excluded.host, port = excluded.port, asked_at = excluded.asked_at
        """
    }
}
