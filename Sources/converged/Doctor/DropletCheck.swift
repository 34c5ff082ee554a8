import Logging
import Operator
import Outbound
import Postgres
import Reconcilers
import Vendors

extension HostChecks {
    /// One cheap read of each droplet that a daemon with these settings serves: does its own engine answer?
    static func droplets(_ session: Session, _ database: Database) -> Check {
        Check("droplets") {
            let identity = try session.secrets.readDockerIdentity()
            let docker = session.settings.docker
            let rows: [DropletRow]
            do { rows = try await DropletRow.readAll(database) } catch let error as PostgresError
                where error.kind == .connection
            { return .skipped("the database has to answer first") }
            let serving = Serving.decide(
                rows, named: docker.names, host: docker.hostName ?? HostName.current,
                hasIdentity: identity != nil)
            if let refusal = serving.refused.first {
                return .failed(
                    "\(refusal.name): \(refusal.why)",
                    advice: "correct CONVERGED_DROPLETS or the row in converged.droplets")
            }
            guard !serving.served.isEmpty else { return .skipped("this daemon serves no droplet") }
            let outbound = Outbound(logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
            var faults: [String] = []
            for row in serving.served {
                if let fault = await ask(row, outbound, identity) { faults.append(fault) }
            }
            await outbound.close()
            guard faults.isEmpty else {
                return .failed(
                    faults.joined(separator: "; "),
                    advice: "`systemctl status docker` there, and `converged droplets list`")
            }
            return .ok("Docker answers at \(serving.served.map(\.name).joined(separator: ", "))")
        }
    }

    private static func ask(_ row: DropletRow, _ outbound: Outbound, _ identity: TLSIdentity?) async -> String? {
        guard let droplet = ServedDroplet(row, outbound, identity: identity) else {
            return "\(row.name): '\(row.endpoint)' is no place to find Docker at"
        }
        do {
            let engine = try await droplet.docker.info()
            guard let known = row.engineID, known != engine.id else { return nil }
            return "\(row.name): another engine answers"
        } catch {
            return "\(row.name): \(error)"
        }
    }
}
