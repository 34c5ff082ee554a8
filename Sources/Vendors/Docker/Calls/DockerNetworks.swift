extension DockerClient {
    /// A bridge of its own, in which containers find each other by name. Returns its id; `nameTaken` when it is there.
    @discardableResult public func createNetwork(_ spec: DockerNetworkSpec) async throws -> String {
        try DockerRules.name(spec.name, .createNetwork)
        let created: DockerCreated = try await read(
            .post(.createNetwork, spec.name, ["networks", "create"]).with {
                // Without the check old daemons make a second one of the same name.
                try $0.set(
                    body: .fields([
                        "Name": .text(spec.name), "CheckDuplicate": .flag(true), "Driver": .text("bridge"),
                        "Internal": .flag(spec.isInternal), "Labels": .map(spec.labels),
                    ]))
            })
        return created.id
    }

    /// - Parameter network: name or full id.
    public func inspectNetwork(_ network: String) async throws -> DockerNetwork {
        try DockerRules.reference(network, .inspectNetwork)
        let found: DockerNetwork = try await read(.get(.inspectNetwork, network, ["networks", network]))
        guard found.id == network || found.name == network else {
            throw DockerError(.notFound, .inspectNetwork, target: network, message: "another one has that id")
        }
        return found
    }

    public func listNetworks(labels: [String] = [], names: [String] = []) async throws -> [DockerNetwork] {
        try await read(
            .get(.listNetworks, "\(endpoint)", ["networks"]).with {
                $0.query = [try DockerFilter(labels: labels, names: names).query(namePrefix: "")].compactMap(\.self)
            })
    }

    /// `inUse` while containers are in it.
    @discardableResult public func removeNetwork(_ network: String) async throws -> DockerChange {
        try DockerRules.reference(network, .removeNetwork)
        return try await remove(.delete(.removeNetwork, network, ["networks", network]))
    }
}
