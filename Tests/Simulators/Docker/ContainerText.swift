import Foundation

extension DockerWorld {
    mutating func inspectContainer(_ request: EngineRequest) throws -> EngineReply {
        .json(200, inspected(try container(request.target)))
    }

    private func inspected(_ container: EngineContainer) -> JSON {
        var config = container.config
        config["Image"] = .string(container.image)
        config["Labels"] = .object(container.labels.mapValues { .string($0) })
        if config["Hostname"] == nil { config["Hostname"] = .string(String(container.id.prefix(12))) }
        var host = container.host
        host["NetworkMode"] = .string(container.host["NetworkMode"]?.string ?? "default")
        host["RestartPolicy"] = [
            "Name": .string(container.policy),
            "MaximumRetryCount": .int(container.host["RestartPolicy"]?["MaximumRetryCount"]?.int ?? 0),
        ]
        return [
            "Id": .string(container.id), "Name": .string("/" + container.name),
            "Created": .string(text(container.createdAt)), "Image": .string(container.imageID),
            "RestartCount": .int(container.restartCount), "State": state(container), "Config": config,
            "HostConfig": host, "Mounts": mounts(container), "NetworkSettings": networkSettings(container),
            "Platform": "linux", "Driver": "overlay2", "Path": config["Cmd"]?[0] ?? "", "Args": [],
        ]
    }

    private func state(_ container: EngineContainer) -> JSON {
        var state: JSON = [
            "Status": .string(container.stateWord), "Running": .bool(container.isRunning),
            "Paused": .bool(container.isPaused),
            "Restarting": .bool(container.state == .restarting), "OOMKilled": .bool(container.isOOMKilled),
            "Dead": .bool(container.state == .dead), "Pid": .int(container.pid),
            "ExitCode": .int(container.exitCode), "Error": .string(container.error),
            "StartedAt": .string(text(container.startedAt)), "FinishedAt": .string(text(container.finishedAt)),
        ]
        if let health = container.health {
            state["Health"] = [
                "Status": .string(health), "FailingStreak": .int(container.failingStreak), "Log": [],
            ]
        }
        return state
    }

    private func mounts(_ container: EngineContainer) -> JSON {
        .array(
            container.binds.map { bind in
                let isVolume = bind.source.hasPrefix("volume:")
                let name = String(bind.source.dropFirst("volume:".count))
                var mount: JSON = [
                    "Type": isVolume ? "volume" : "bind", "Destination": .string(bind.path),
                    "RW": .bool(!bind.isReadOnly), "Mode": bind.isReadOnly ? "ro" : "rw",
                    "Source": .string(isVolume ? "/var/lib/docker/volumes/\(name)/_data" : bind.source),
                ]
                if isVolume { mount["Name"] = .string(name) }
                return mount
            })
    }

    private func networkSettings(_ container: EngineContainer) -> JSON {
        let mode = container.networkMode
        let network = network(mode)
        let asked = container.networking["EndpointsConfig"]?[mode] ?? [:]
        let entry: JSON = [
            "NetworkID": .string(network?.id ?? ""), "Aliases": asked["Aliases"] ?? .null,
            "IPAddress": container.state == .running && mode != "host" && mode != "none" ? "172.17.0.2" : "",
        ]
        let ports = container.state == .running ? container.host["PortBindings"] ?? [:] : [:]
        return ["Ports": ports, "Networks": .object(container.isDisconnected ? [:] : [mode: entry])]
    }

    mutating func listContainers(_ request: EngineRequest) throws -> EngineReply {
        let filters = try filters(
            request,
            known: [
                "ancestor", "before", "expose", "exited", "health", "id", "isolation", "is-task", "label", "name",
                "network", "publish", "since", "status", "volume",
            ])
        let showsAll = request.flag("all") || filters["status"] != nil || filters["exited"] != nil
        let limit = request.query["limit"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? .max
        let states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"]
        if let wrong = filters["status"]?.first(where: { !states.contains($0) }) {
            throw EngineRefusal(400, "Unrecognised filter value for status: \(wrong)")
        }
        let found = containers.values.sorted { $0.order > $1.order }
            .filter { (showsAll || $0.isRunning) && passes($0, filters) }.prefix(limit)
        return .json(200, .array(found.map(listed)))
    }

    private func passes(_ container: EngineContainer, _ filters: [String: [String]]) -> Bool {
        filters.allSatisfy { key, values in
            switch key {
            case "label": values.allSatisfy { matches(label: $0, container.labels) }
            case "name":
                values.contains { matches(name: $0, "/" + container.name) || matches(name: $0, container.name) }
            case "id": values.contains { container.id.hasPrefix($0) }
            case "status": values.contains(container.stateWord)
            case "health": values.contains(container.health ?? "none")
            case "ancestor": values.contains { $0 == container.image || $0 == container.imageID }
            case "exited": values.contains { Int($0) == container.exitCode } && container.state == .exited
            case "network": values.contains { $0 == container.networkMode || $0 == network(container.networkMode)?.id }
            case "volume":
                values.contains { value in container.binds.contains { $0.path == value || $0.source == value } }
            default: true
            }
        }
    }

    private func listed(_ container: EngineContainer) -> JSON {
        let command = (container.config["Cmd"]?.items ?? []).compactMap(\.string).joined(separator: " ")
        let ports = (container.host["PortBindings"]?.fields ?? [:]).flatMap { key, value in
            (value.items ?? []).map { binding -> JSON in
                let parts = key.split(separator: "/")
                return [
                    "PrivatePort": .int(Int(parts.first ?? "") ?? 0),
                    "Type": .string(parts.last.map(String.init) ?? "tcp"),
                    "PublicPort": .int(binding["HostPort"]?.string.flatMap { Int($0) } ?? 0),
                    "IP": .string(binding["HostIp"]?.string ?? "0.0.0.0"),
                ]
            }
        }
        return [
            "Id": .string(container.id), "Names": [.string("/" + container.name)], "Image": .string(container.image),
            "ImageID": .string(container.imageID), "Command": .string(command),
            "Created": .int(unixSeconds(container.createdAt)), "Ports": container.isRunning ? .array(ports) : [],
            "Labels": .object(container.labels.mapValues { .string($0) }), "State": .string(container.stateWord),
            "Status": .string(status(container)), "HostConfig": ["NetworkMode": .string(container.networkMode)],
            "NetworkSettings": networkSettings(container), "Mounts": mounts(container),
        ]
    }

    private func status(_ container: EngineContainer) -> String {
        let since = { (time: Duration?) in "\(Int((self.now - (time ?? self.now)).seconds)) seconds" }
        return switch container.state {
        case .created: "Created"
        case .running:
            "Up \(since(container.startedAt))" + (container.isPaused ? " (Paused)" : "")
                + (container.health.map { $0 == "starting" ? " (health: starting)" : " (\($0))" } ?? "")
        case .restarting: "Restarting (\(container.exitCode)) \(since(container.finishedAt)) ago"
        case .exited: "Exited (\(container.exitCode)) \(since(container.finishedAt)) ago"
        case .removing: "Removal In Progress"
        case .dead: "Dead"
        }
    }
}
