/// The gateways of a simulated droplet as real HTTP servers (contract openclaw, "HTTP on the gateway port"): one address
/// of this machine stands for the droplet, so that each droplet has the ports of all PAs for itself. Who answers at a port,
/// and to which token, follows from the containers that run and from the openclaw.json in their folders.
public final class GatewayServers: Sendable {
    /// 127.x.y.z
    public let address: String
    private let servers: [LoopbackServer]

    private init(_ address: String, _ servers: [LoopbackServer]) {
        self.address = address
        self.servers = servers
    }

    /// Returns once all ports accept connections.
    ///
    /// - Parameter address: nil: one of its own, 127.x.y.z.
    public static func open(
        _ daemon: DockerSimulator, ports: ClosedRange<Int>, address: String? = nil
    ) async throws -> GatewayServers {
        let own = "127.\(Int.random(in: 16...250)).\(Int.random(in: 0...250)).\(Int.random(in: 1...250))"
        let address = address ?? own
        var servers: [LoopbackServer] = []
        do {
            for port in ports {
                let backend = daemon.backend
                servers.append(
                    try await LoopbackServer(host: address, port: port) { exchange in
                        backend.locked { $0.answer(exchange, at: port) }
                    })
            }
        } catch {
            for server in servers { await server.stop() }
            throw error
        }
        return GatewayServers(address, servers)
    }

    public func stop() async { for server in servers { await server.stop() } }
}

extension DockerWorld {
    static let statePath = "/home/node/.openclaw"

    /// Nil where the container's command is no gateway, or its file is none.
    func gatewayConfig(of container: EngineContainer) -> JSON? {
        guard isGateway(container), let file = file(Self.statePath + "/openclaw.json", in: container) else {
            return nil
        }
        return try? JSON(parsing: file.text)
    }

    private func isGateway(_ container: EngineContainer) -> Bool {
        let words = (container.config["Cmd"]?.items ?? []).compactMap(\.string)
        return words.contains("gateway") && words.contains { $0.hasSuffix("openclaw.mjs") }
    }

    /// Why a gateway does not start (contract openclaw, "Config file"); nil: it does, or it is none.
    func refusalOfGateway(_ container: EngineContainer) -> String? {
        guard isGateway(container) else { return nil }
        guard let config = gatewayConfig(of: container) else { return "Missing config. Run `openclaw setup`." }
        guard config["gateway"]?["mode"]?.string == "local" else {
            return "Gateway start blocked: set gateway.mode=local (current: unset)."
        }
        return nil
    }

    /// Nobody listens: the connection is closed.
    func answer(_ exchange: Exchange, at port: Int) -> Answer {
        let listener = containers.values.first {
            $0.state == .running && !$0.isPaused && $0.hasPort && $0.networkMode == "host" && self.port(of: $0) == port
        }
        guard let listener else { return .hangUp }
        var isLive = true
        switch listener.behaviour.life {
        case .serves(let delay):
            if now - (listener.startedAt ?? now) < delay { return .hangUp }
        case .neverHealthy: isLive = false
        default: break
        }
        let json: [(name: String, value: String)] = [("Content-Type", "application/json")]
        func reply(_ status: Int, _ body: JSON) -> Answer {
            .reply(status: status, headers: json, body: body.description)
        }
        switch (exchange.method, exchange.path) {
        case ("GET", "/healthz"), ("GET", "/health"), ("HEAD", "/healthz"):
            return isLive
                ? reply(200, ["ok": true, "status": "live"]) : reply(503, ["ok": false, "status": "starting"])
        case ("POST", "/tools/invoke"):
            let token = gatewayConfig(of: listener)?["gateway"]?["auth"]?["token"]?.string
            guard let token, exchange.header("Authorization") == "Bearer " + token else {
                return reply(401, ["error": ["message": "Unauthorized", "type": "unauthorized"]])
            }
            return reply(404, ["ok": false, "error": ["type": "not_found", "message": "Tool not available"]])
        default:
            return reply(404, ["error": ["message": "Not Found"]])
        }
    }
}
