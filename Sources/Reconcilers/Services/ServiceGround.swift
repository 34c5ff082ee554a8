import FoundationEssentials
import Vendors

/// What containers of services stand on: a network of their own, and volumes that outlive them. All of it may be asked for
/// again.
struct ServiceGround: Sendable {
    let docker: DockerClient
    let row: ServiceRow

    private var labels: [String: String] {
        [Marks.owner: "droplet/\(row.droplet)", Marks.droplet: row.droplet]
    }

    /// Before each create. A volume that is there already is the one to use, whoever made it.
    func prepare() async throws {
        if let network = row.ownNetwork { try await make(network) }
        for volume in row.volumes { _ = try await docker.createVolume(volume, labels: labels) }
    }

    private func make(_ network: String) async throws {
        do {
            let found = try await docker.inspectNetwork(network)
            guard found.labels[Marks.owner] == labels[Marks.owner] else {
                throw ContainerFault(
                    .foreignNetwork, "network \(network) is somebody else's: its containers would meet ours")
            }
        } catch let error as DockerError where error.kind == .notFound {
            do {
                try await docker.createNetwork(DockerNetworkSpec(name: network, labels: labels))
            } catch let error as DockerError where error.kind == .nameTaken(by: nil) {
                // Another service of the same network made it just now.
            }
        }
    }

    /// The last service of a network takes it along. What says the contrary stays.
    func clear() async throws {
        guard let network = row.ownNetwork, !row.sharesNetwork else { return }
        do {
            guard try await docker.inspectNetwork(network).labels[Marks.owner] == labels[Marks.owner] else { return }
            try await docker.removeNetwork(network)
        } catch let error as DockerError where error.kind == .notFound || error.kind == .inUse {}
    }
}
