import Logging
import Operator
import Outbound
import Vendors

extension HostChecks {
    /// One cheap read with the daemon's token: does the vendor know us and the organisation?
    static func vendors(_ session: Session) -> Check {
        Check("vendors") {
            guard let org = session.settings.fly.org else { return .skipped("CONVERGED_FLY_ORG is not set") }
            guard let token = try? session.secrets.readFlyToken() else { return .skipped("no fly-token") }
            let limits = OutboundSettings(budgets: FlyBudgets.standard())
            let outbound = Outbound(limits, logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
            let url = session.settings.fly.url
            let fly = FlyClient(outbound: outbound, settings: FlySettings(url: url, org: org, token: FlyToken(token)))
            let finding = await ask(fly, url)
            await outbound.close()
            return finding
        }
    }

    private static func ask(_ fly: FlyClient, _ url: String) async -> Finding {
        do {
            _ = try await fly.orgMachines(limit: 1)
            return .ok("Fly answers at \(url) for organisation \(fly.org)")
        } catch let error as FlyError {
            switch error.kind {
            case .unauthorized, .forbidden:
                return .failed(error.description, advice: "write a new token into fly-token: fly tokens create org")
            case .notFound: return .failed(error.description, advice: "check CONVERGED_FLY_ORG and CONVERGED_FLY_URL")
            case .rateLimited: return .ok("Fly answers at \(url), and limits us just now")
            default: return .failed(error.description, advice: "check CONVERGED_FLY_URL, the way out, status.flyio.net")
            }
        } catch {
            return .failed("Fly: \(error)")
        }
    }
}
