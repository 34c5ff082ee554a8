struct EngineNetwork: Sendable {
    var id: String
    var name: String
    var driver = "bridge"
    var isInternal = false
    var labels: [String: String] = [:]
    var isPredefined = false
    var createdAt = Duration.zero
}

extension DockerWorld {
    func network(_ reference: String) -> EngineNetwork? {
        networks[reference] ?? networks.values.first { $0.name == reference }
            ?? networks.values.first { !reference.isEmpty && $0.id.hasPrefix(reference) }
    }

    mutating func createNetwork(_ request: EngineRequest) throws -> EngineReply {
        let name = request.body["Name"]?.string ?? ""
        guard !name.isEmpty else { throw EngineRefusal(400, "invalid network name") }
        let checks = !isOld || request.body["CheckDuplicate"]?.bool ?? false
        if checks, networks.values.contains(where: { $0.name == name }) {
            throw EngineRefusal(409, "network with name \(name) already exists")
        }
        var made = EngineNetwork(id: randomness.hex(64), name: name)
        made.driver = request.body["Driver"]?.string ?? "bridge"
        made.isInternal = request.body["Internal"]?.bool ?? false
        made.labels = request.body["Labels"]?.fields?.compactMapValues(\.string) ?? [:]
        made.createdAt = now
        networks[made.id] = made
        emit("network", "create", id: made.id, ["name": name, "type": made.driver])
        return .json(201, ["Id": .string(made.id), "Warning": ""])
    }

    mutating func inspectNetwork(_ request: EngineRequest) throws -> EngineReply {
        guard let found = network(request.target) else {
            throw EngineRefusal(404, "network \(request.target) not found")
        }
        return .json(200, json(found))
    }

    mutating func listNetworks(_ request: EngineRequest) throws -> EngineReply {
        let filters = try filters(request, known: ["driver", "id", "label", "name", "scope", "type", "dangling"])
        let found = networks.values.sorted { $0.name < $1.name }.filter { network in
            filters.allSatisfy { key, values in
                switch key {
                case "label": values.allSatisfy { matches(label: $0, network.labels) }
                case "name": values.contains { matches(name: $0, network.name) }
                case "id": values.contains { network.id.hasPrefix($0) }
                case "driver": values.contains(network.driver)
                default: true
                }
            }
        }
        return .json(200, .array(found.map(json)))
    }

    mutating func removeNetwork(_ request: EngineRequest) throws -> EngineReply {
        guard let found = network(request.target) else {
            throw EngineRefusal(404, "network \(request.target) not found")
        }
        guard !found.isPredefined else {
            throw EngineRefusal(403, "\(found.name) is a pre-defined network and cannot be removed")
        }
        let isUsed = containers.values.contains {
            $0.state == .running && !$0.isDisconnected
                && ($0.networkMode == found.name || $0.networkMode == found.id)
        }
        guard !isUsed else {
            throw EngineRefusal(
                403, "error while removing network: network \(found.name) id \(found.id) has active endpoints")
        }
        networks[found.id] = nil
        emit("network", "destroy", id: found.id, ["name": found.name, "type": found.driver])
        return .empty(204)
    }

    private func json(_ network: EngineNetwork) -> JSON {
        [
            "Id": .string(network.id), "Name": .string(network.name), "Driver": .string(network.driver),
            "Scope": "local", "Internal": .bool(network.isInternal), "Created": .string(text(network.createdAt)),
            "Labels": .object(network.labels.mapValues { .string($0) }), "Containers": [:], "Options": [:],
        ]
    }
}

struct EngineVolume: Sendable {
    var name: String
    var labels: [String: String] = [:]
    var createdAt: Duration
}

extension DockerWorld {
    mutating func createVolume(_ request: EngineRequest) throws -> EngineReply {
        let asked = request.body["Name"]?.string ?? ""
        let name = asked.isEmpty ? randomness.hex(64) : asked
        guard asked.isEmpty || isName(name) else {
            throw EngineRefusal(
                400,
                "create \(name): \"\(name)\" includes invalid characters for a local volume name, only "
                    + "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use "
                    + "absolute path")
        }
        // A name that is known answers the volume that has it.
        let labels = request.body["Labels"]?.fields?.compactMapValues(\.string) ?? [:]
        let made = volumes[name] ?? EngineVolume(name: name, labels: labels, createdAt: now)
        if volumes[name] == nil { emit("volume", "create", id: name, ["driver": "local"]) }
        volumes[name] = made
        return .json(201, json(made))
    }

    mutating func inspectVolume(_ request: EngineRequest) throws -> EngineReply {
        guard let found = volumes[request.target] else {
            throw EngineRefusal(404, "get \(request.target): no such volume")
        }
        return .json(200, json(found))
    }

    mutating func listVolumes(_ request: EngineRequest) throws -> EngineReply {
        let filters = try filters(request, known: ["dangling", "driver", "label", "name"])
        let found = volumes.values.sorted { $0.name < $1.name }.filter { volume in
            filters.allSatisfy { key, values in
                switch key {
                case "label": values.allSatisfy { matches(label: $0, volume.labels) }
                case "name": values.contains { matches(name: $0, volume.name) }
                default: true
                }
            }
        }
        return .json(200, ["Volumes": .array(found.map(json)), "Warnings": .null])
    }

    mutating func removeVolume(_ request: EngineRequest) throws -> EngineReply {
        let name = request.target
        guard volumes[name] != nil else {
            if request.flag("force") { return .empty(204) }
            throw EngineRefusal(404, "get \(name): no such volume")
        }
        let users = containers.values.filter { $0.binds.contains { $0.source == "volume:" + name } }.map(\.id)
        guard users.isEmpty else {
            throw EngineRefusal(409, "remove \(name): volume is in use - [\(users.joined(separator: ", "))]")
        }
        volumes[name] = nil
        hostFiles = hostFiles.filter { !$0.key.hasPrefix("volume:\(name)/") && $0.key != "volume:\(name)" }
        emit("volume", "destroy", id: name, ["driver": "local"])
        return .empty(204)
    }

    private func json(_ volume: EngineVolume) -> JSON {
        [
            "Name": .string(volume.name), "Driver": "local", "Scope": "local", "Options": [:],
            "Mountpoint": .string("/var/lib/docker/volumes/\(volume.name)/_data"),
            "CreatedAt": .string(text(volume.createdAt)),
            "Labels": .object(volume.labels.mapValues { .string($0) }),
        ]
    }
}
