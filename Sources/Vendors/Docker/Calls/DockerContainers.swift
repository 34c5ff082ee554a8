import FoundationEssentials

extension DockerClient {
    /// Makes a container and does not start it. `nameTaken(by:)`: inspect that one, adopt or replace it. `noSuchImage`:
    /// pull first. `needMissing`: a folder of the host. After `outcomeUnknown` inspect by name.
    public func createContainer(_ spec: DockerContainerSpec) async throws -> DockerCreated {
        try spec.check()
        return try await read(
            .post(.createContainer, spec.name, ["containers", "create"]).with {
                $0.query = [("name", spec.name)]
                try $0.set(body: spec.body)
            })
    }

    /// - Parameter container: name or full id. An answer for anything else is `notFound`.
    public func inspectContainer(_ container: String) async throws -> DockerContainer {
        try DockerRules.reference(container, .inspectContainer)
        let found: DockerContainer = try await read(
            .get(.inspectContainer, container, ["containers", container, "json"]))
        guard found.id == container || found.name == container else {
            throw DockerError(.notFound, .inspectContainer, target: container, message: "another one has that id")
        }
        return found
    }

    /// Stopped ones too.
    public func listContainers(_ filter: DockerFilter = DockerFilter()) async throws -> [DockerListedContainer] {
        try await read(
            .get(.listContainers, "\(endpoint)", ["containers", "json"]).with {
                $0.query = [("all", "1")] + [try filter.query(namePrefix: "/")].compactMap(\.self)
            })
    }

    /// `conflict` when the name is its own already.
    public func renameContainer(_ container: String, to name: String) async throws {
        try DockerRules.name(name, .renameContainer)
        try await send(
            try call(.renameContainer, container, "rename").with { $0.query = [("name", name)] })
    }

    /// Changes limits and restart policy of a container as it is; everything else needs a new one.
    public func updateContainer(
        _ container: String, _ limits: DockerLimits, restart: DockerRestartPolicy? = nil
    ) async throws {
        if let problem = limits.problem {
            throw DockerError(.invalid, .updateContainer, target: container, message: problem)
        }
        try await send(
            try call(.updateContainer, container, "update").with {
                try $0.set(body: .object(limits.fields.merging(restart?.fields ?? [:]) { first, _ in first }))
            })
    }

    /// `running` without `isForced`; `removalInProgress` while another call does it. Named volumes stay.
    /// - Parameter withVolumes: the anonymous ones go too.
    @discardableResult public func removeContainer(
        _ container: String, isForced: Bool = false, withVolumes: Bool = true
    ) async throws -> DockerChange {
        try DockerRules.reference(container, .removeContainer)
        return try await remove(
            .delete(.removeContainer, container, ["containers", container]).with {
                $0.query = [("force", isForced ? "1" : "0"), ("v", withVolumes ? "1" : "0")]
            })
    }

    func call(_ action: DockerAction, _ container: String, _ verb: String) throws -> DockerCall {
        try DockerRules.reference(container, action)
        return .post(action, container, ["containers", container, verb])
    }
}

/// Answer to a create.
public struct DockerCreated: Decodable, Sendable, Equatable {
    public var id: String
    /// What the daemon does not do as asked, in words.
    public var warnings: [String]

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        id = try fields.need("Id")
        warnings = fields.find("Warnings") ?? []
    }
}
