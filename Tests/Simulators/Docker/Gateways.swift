extension DockerSimulator {
    /// What listens on the host for a container.
    public enum Gateway: Sendable, Hashable {
        /// The container does not run, or has no port.
        case none
        case starting(port: Int)
        case serving(port: Int)
        /// Runs, and its checks have failed.
        case failing(port: Int)
        /// Another process has the port: this one is about to exit.
        case portTaken(port: Int)
    }
}

extension DockerWorld {
    /// The port of a container's gateway on the host, as its environment, its labels or its command name it.
    func port(of container: EngineContainer) -> Int? {
        let environment = container.environment
        for name in options.portVariables { if let port = environment[name].flatMap({ Int($0) }) { return port } }
        for name in options.portLabels { if let port = container.labels[name].flatMap({ Int($0) }) { return port } }
        let words = (container.config["Cmd"]?.items ?? []).compactMap(\.string)
        guard let place = words.firstIndex(of: "--port"), words.indices.contains(place + 1) else {
            return gatewayConfig(of: container)?["gateway"]?["port"]?.int
        }
        return Int(words[place + 1])
    }

    /// Host networking refuses nothing at the start: the process finds the port taken and exits.
    func isPortTaken(for container: EngineContainer) -> Bool {
        guard container.networkMode == "host", let port = port(of: container) else { return false }
        return containers.values.contains { other in
            other.id != container.id && other.state == .running && other.hasPort && hostPorts(of: other).contains(port)
        }
    }

    func hostPorts(of container: EngineContainer) -> [Int] {
        if container.networkMode == "host" { return port(of: container).map { [$0] } ?? [] }
        return (container.host["PortBindings"]?.fields ?? [:]).values.flatMap { $0.items ?? [] }
            .compactMap { $0["HostPort"]?.string.flatMap { Int($0) } }
    }

    /// A published port that is taken refuses the start, and so does a network that is gone.
    func requireNetwork(of container: EngineContainer) throws {
        let mode = container.networkMode
        if !["host", "none", "bridge"].contains(mode), !mode.hasPrefix("container:"), network(mode) == nil {
            throw EngineRefusal(404, "network \(mode) not found")
        }
        guard mode != "host" else { return }
        for port in hostPorts(of: container) where port != 0 {
            let isTaken = containers.values.contains {
                $0.id != container.id && $0.state == .running && $0.hasPort && hostPorts(of: $0).contains(port)
            }
            guard isTaken else { continue }
            throw EngineRefusal(
                500,
                "driver failed programming external connectivity on endpoint \(container.name) (\(container.id)): "
                    + "Bind for 0.0.0.0:\(port) failed: port is already allocated")
        }
    }

    func gateway(of container: EngineContainer) -> DockerSimulator.Gateway {
        guard container.state == .running, let port = hostPorts(of: container).first else { return .none }
        if container.lacksPort { return .portTaken(port: port) }
        switch container.health {
        case "starting"?: return .starting(port: port)
        case "unhealthy"?: return .failing(port: port)
        default: return .serving(port: port)
        }
    }
}
