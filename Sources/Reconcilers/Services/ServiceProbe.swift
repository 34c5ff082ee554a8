import FoundationEssentials
import Vendors

/// Whether a service does its work: its command says so inside, its path by HTTP, or it just keeps running.
struct ServiceProbe: Sendable {
    let droplet: ServedDroplet
    let row: ServiceRow

    /// Who has no health to be asked about has to live so long.
    private static let steadySeconds = 3

    func finding(_ container: String) async throws -> Workload.Finding {
        if let command = row.healthCommand {
            let result = try await droplet.docker.run(
                DockerExecSpec(command), in: container, timeout: .seconds(20), maxBytes: 1024)
            return result.exitCode == 0 ? .good : .bad("\(command[0]) inside ends with \(result.exitCode)")
        }
        if let path = row.healthPath, let port = row.port, let gateway = reachable(port) {
            switch try await gateway.probe(path) {
            case .status(200..<400): return .good
            case .status(let status): return .bad("\(path) answers \(status)")
            case .silence(let why): return .bad("port \(port) does not answer: \(why)")
            }
        }
        let before = try await droplet.docker.inspectContainer(container).state
        try await Task.sleep(for: .seconds(Self.steadySeconds))
        let after = try await droplet.docker.inspectContainer(container).state
        let isSteady = after.status == "running" && after.startedAt == before.startedAt
        return isSteady ? .good : .bad("it does not keep running: \(after.status), exit code \(after.exitCode)")
    }

    /// A port on the loopback of a droplet is reached from that droplet only.
    private func reachable(_ port: Int) -> GatewayClient? {
        let gateway = droplet.gateway(port)
        let isLocal = gateway.host == "127.0.0.1" || gateway.host == "localhost"
        return isLocal || !row.address.hasPrefix("127.") ? gateway : nil
    }
}
