extension DockerClient {
    /// By name: one that is there already is the answer, with the labels that it was made with.
    public func createVolume(_ name: String, labels: [String: String] = [:]) async throws -> DockerVolume {
        try DockerRules.name(name, .createVolume)
        return try await read(
            .post(.createVolume, name, ["volumes", "create"]).with {
                try $0.set(body: .fields(["Name": .text(name), "Labels": .map(labels)]))
            })
    }

    public func inspectVolume(_ name: String) async throws -> DockerVolume {
        try DockerRules.reference(name, .inspectVolume)
        return try await read(.get(.inspectVolume, name, ["volumes", name]))
    }

    public func listVolumes(labels: [String] = [], names: [String] = []) async throws -> [DockerVolume] {
        struct Answer: Decodable {
            var volumes: [DockerVolume]
            init(from decoder: any Decoder) throws { volumes = try DockerFields(decoder).find("Volumes") ?? [] }
        }
        let answer: Answer = try await read(
            .get(.listVolumes, "\(endpoint)", ["volumes"]).with {
                $0.query = [try DockerFilter(labels: labels, names: names).query(namePrefix: "")].compactMap(\.self)
            })
        return answer.volumes
    }

    /// With all that is in it. `inUse` while a container has it, running or not.
    @discardableResult public func removeVolume(_ name: String) async throws -> DockerChange {
        try DockerRules.reference(name, .removeVolume)
        return try await remove(.delete(.removeVolume, name, ["volumes", name]))
    }
}
