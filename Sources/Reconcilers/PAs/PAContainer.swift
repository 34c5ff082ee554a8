import FoundationEssentials

/// The fleet's standard of an assistant in a container.
extension PARow {
    /// On the droplet; outlives every container.
    var dataPath: String { "/opt/mypa/agents/pa-\(name)/data" }

    var configValue: JSONValue { JSONValue(config.utf8) ?? .object([:]) }

    static let statePath = "/home/node/.openclaw"

    var desired: DesiredContainer {
        var shape = ContainerShape(image: image, command: ["node", "openclaw.mjs", "gateway"])
        shape.hostname = name
        shape.environment = ["NODE_ENV": "production", "OPENCLAW_PREFER_PNPM": "1"]
        shape.network = "host"
        shape.mounts = [ContainerShape.Mount(dataPath, at: Self.statePath)]
        var desired = DesiredContainer(
            kind: "pa", id: id, name: "pa-\(name)", droplet: droplet, generation: generation, runs: runs,
            isDeleting: isDeleting, shape: shape)
        desired.data = DataFolder(path: dataPath, pathInside: Self.statePath)
        desired.restartRequestedAt = restartRequestedAt
        desired.claims = ConfigClaims.of(configValue)
        desired.isFrozen = isFrozen
        desired.areRepairsHalted = areRepairsHalted
        if !ImageReference.isValid(image) {
            desired.fault = ContainerFault(.invalidImage, "\"\(image)\" is no image reference (registry/name:tag)")
        }
        return desired
    }
}
