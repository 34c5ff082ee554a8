import Logging
import Operator
import Outbound

extension HostChecks {
    /// One cheap read with the daemon's token: does the vendor know us and the organisation?
    static func vendors(_ session: Session) -> Check {
        Check("vendors") {
            guard let org = session.settings.fly.org else { return .skipped("CONVERGED_FLY_ORG is not set") }
            guard let token = try? session.secrets.readFlyToken() else { return .skipped("no fly-token") }
            let outbound = Outbound(logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
            let finding = await ask(outbound, session.settings.fly.url, org, token)
            await outbound.close()
            return finding
        }
    }

    private static func ask(_ outbound: Outbound, _ base: String, _ org: String, _ token: String) async -> Finding {
        do {
            let response = try await outbound.send(
                Request(
                    method: "GET", url: "\(base)/orgs/\(org)/machines?limit=1",
                    headers: [("Authorization", authorization(token)), ("Accept", "application/json")],
                    deadlines: Deadlines(total: .seconds(10)), retry: .never))
            return judge(status: response.status, base, org)
        } catch {
            return .failed("Fly: \(error)", advice: "check CONVERGED_FLY_URL and this host's way out")
        }
    }

    private static func judge(status: Int, _ base: String, _ org: String) -> Finding {
        switch status {
        case 200..<300: .ok("Fly answers at \(base) for organisation \(org)")
        case 401, 403:
            .failed(
                "Fly refuses the token for organisation \(org) (\(status))",
                advice: "write a new one into fly-token: fly tokens create org")
        case 404: .failed("Fly knows no organisation \(org)", advice: "check CONVERGED_FLY_ORG")
        case 429: .ok("Fly answers, and limits us just now (429)")
        default: .failed("Fly answers \(status) at \(base)", advice: "check CONVERGED_FLY_URL, then status.flyio.net")
        }
    }

    /// Macaroon tokens have a scheme of their own, and may bring it along.
    private static func authorization(_ token: String) -> String {
        if token.contains(" ") { return token }
        return token.hasPrefix("fm1") || token.hasPrefix("fm2") ? "FlyV1 \(token)" : "Bearer \(token)"
    }
}
