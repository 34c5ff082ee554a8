import FoundationEssentials

/// What a row of `services` asks for, apart from its environment. Pure.
extension ServiceRow {
    var key: String { id.uuidString.lowercased() }

    /// Made by us, and left when its last service goes; nil: one that Docker always has.
    var ownNetwork: String? { ContainerShape.ownNetwork(network) }

    var volumes: [String] { shapeMounts.filter(\.isVolume).map(\.source) }

    /// `volume-or-/path:/path-inside[:ro]`, as the row's check wants them.
    var shapeMounts: [ContainerShape.Mount] {
        mounts.compactMap { text in
            let parts = text.split(separator: ":").map(String.init)
            guard parts.count >= 2 else { return nil }
            return ContainerShape.Mount(
                parts[0], at: parts[1], isVolume: !parts[0].hasPrefix("/"), isReadOnly: parts.last == "ro")
        }
    }

    func desired(_ environment: [String: String]) -> DesiredContainer {
        var shape = ContainerShape(image: image, command: command)
        shape.environment = environment
        shape.network = network
        if let alias, ownNetwork != nil { shape.aliases = [alias] }
        if let port, let containerPort, network != "host" {
            shape.ports = [ContainerShape.Port(containerPort, host: port, address: address)]
        }
        shape.mounts = shapeMounts
        if let healthCommand {
            shape.health = ContainerShape.Health(
                command: healthCommand, intervalSeconds: 10, timeoutSeconds: 10, retries: 6)
        }
        var desired = DesiredContainer(
            kind: "service", id: id, name: name, droplet: droplet, generation: generation, runs: runs,
            isDeleting: isDeleting, shape: shape)
        desired.isFrozen = isFrozen
        desired.areRepairsHalted = areRepairsHalted
        if !awaited.isEmpty { desired.hold = "waits for \(awaited.joined(separator: ", "))" }
        if !ImageReference.isValid(image) {
            desired.fault = ContainerFault(.invalidImage, "\"\(image)\" is no image reference (registry/name:tag)")
        }
        return desired
    }
}
