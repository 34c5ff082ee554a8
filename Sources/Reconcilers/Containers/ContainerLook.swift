import FoundationEssentials
import Vendors

/// Looks at all that is ours, wherever it is: by label, since names can be changed by hand, by our three names, since
/// somebody else may have them, and by the id that is remembered. A list alone proves no absence (design law 2).
struct ContainerLook: Sendable {
    let docker: DockerClient
    let view: ContainerView

    func scene() async throws -> ContainerScene {
        let desired = view.desired
        let listed = try await docker.listContainers(DockerFilter(labels: ["\(Marks.owner)=\(desired.owner)"]))
        var scene = ContainerScene(ours: [])
        var ids = Set(listed.map(\.id))
        if let known = view.memory.containerID { ids.insert(known) }
        let network = ids.isEmpty ? nil : try await missingNetwork()
        for id in ids.sorted() {
            guard let found = try await inspect(id), found.labels[Marks.owner] == desired.owner else { continue }
            scene.ours.append(sight(found, without: network))
        }
        for name in [desired.name, desired.nextName, desired.formerName]
        where !scene.ours.contains(where: { $0.name == name }) {
            guard let found = try await inspect(name), scene[found.id] == nil else { continue }
            if found.labels[Marks.owner] == desired.owner {
                scene.ours.append(sight(found, without: network))
            } else {
                scene.foreign.append(name)
            }
        }
        scene.ours.sort { ($0.epoch, $0.id) < ($1.epoch, $1.id) }
        return scene
    }

    /// The network that it is to be in, where somebody took it away.
    private func missingNetwork() async throws -> String? {
        guard view.desired.runs, !view.desired.isDeleting, let network = view.desired.shape.ownNetwork else {
            return nil
        }
        do {
            _ = try await docker.inspectNetwork(network)
            return nil
        } catch let error as DockerError where error.kind == .notFound {
            return network
        }
    }

    private func inspect(_ reference: String) async throws -> DockerContainer? {
        do {
            return try await docker.inspectContainer(reference)
        } catch let error as DockerError where error.kind == .notFound {
            return nil
        }
    }

    private func sight(_ container: DockerContainer, without network: String?) -> ContainerSight {
        let shape = view.desired.shape
        var sight = ContainerSight(
            id: container.id, name: container.name, epoch: container.labels[Marks.epoch].flatMap { Int64($0) } ?? 0,
            hash: container.labels[Marks.spec] ?? "",
            state: ContainerSight.State(rawValue: container.state.status) ?? .other)
        sight.drift = network.map { "network \($0) is gone" } ?? shape.drift(in: container)
        sight.makesFolders = view.desired.data != nil && !container.host.binds.isEmpty
        switch container.state.health {
        case .starting?: sight.health = .starting
        case .healthy?: sight.health = .healthy
        case .unhealthy?: sight.health = .unhealthy
        case nil: sight.health = .none
        }
        sight.exitCode = container.state.exitCode
        sight.isOutOfMemory = container.state.isOutOfMemory
        sight.error = container.state.error
        sight.startedAt = container.state.startedAt.flatMap(Self.date)
        sight.restartCount = container.restartCount
        return sight
    }

    /// RFC 3339 with up to nine digits of fraction, which count: two starts may lie within a second.
    static func date(_ text: String) -> Date? {
        let seconds = text.prefix(19)
        guard let whole = try? Date(seconds + "Z", strategy: .iso8601) else { return nil }
        let rest = text.dropFirst(19)
        guard rest.first == "." else { return whole }
        return whole.addingTimeInterval(Double("0" + rest.prefix { $0 == "." || $0.isNumber }) ?? 0)
    }
}
