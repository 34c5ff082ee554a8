import Foundation
import Logging
import Outbound
import Support
import Testing

@testable import Vendors

extension Trait where Self == ConditionTrait {
    /// Skipped, aloud, where no daemon of our own can run.
    static var docker: Self {
        .enabled("a Docker daemon can run here (the reason is printed)") { await DockerObstacle.found == nil }
    }
}

/// A client of the shared daemon, and names that no other test uses. What it made is removed at the end.
struct DockerRig: Sendable {
    let daemon: TestDocker
    let outbound: Outbound
    let docker: DockerClient
    let id = UUID().uuidString.prefix(8).lowercased()

    /// The mark on everything that this test makes.
    var label: String { "test=\(id)" }
    var labels: [String: String] { ["test": String(id)] }

    func name(_ text: String) -> String { "\(text)-\(id)" }

    /// A container that does nothing for long.
    func spec(_ text: String, _ command: [String] = ["sleep", "1000"]) -> DockerContainerSpec {
        var spec = DockerContainerSpec(name: name(text), image: TestDocker.image, command: command)
        spec.labels = labels
        spec.host.network = .none
        spec.host.hasInit = false
        return spec
    }

    /// One that runs; its id.
    @discardableResult func running(_ text: String, _ command: [String] = ["sleep", "1000"]) async throws -> String {
        let id = try await docker.createContainer(spec(text, command)).id
        try await docker.startContainer(id)
        return id
    }

    static func with(daemon: TestDocker? = nil, _ body: (DockerRig) async throws -> Void) async throws {
        let daemon = if let daemon { daemon } else { try await TestDocker.shared }
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let rig = DockerRig(
            daemon: daemon, outbound: outbound, docker: DockerClient(outbound, endpoint: .unix(daemon.socket)))
        let result: Result<Void, any Error>
        do {
            try await body(rig)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for container in (try? await rig.docker.listContainers(DockerFilter(labels: [rig.label]))) ?? [] {
            _ = try? await rig.docker.removeContainer(container.id, isForced: true)
        }
        for network in (try? await rig.docker.listNetworks(labels: [rig.label])) ?? [] {
            _ = try? await rig.docker.removeNetwork(network.id)
        }
        for volume in (try? await rig.docker.listVolumes(labels: [rig.label])) ?? [] {
            _ = try? await rig.docker.removeVolume(volume.name)
        }
        await outbound.close()
        try result.get()
    }
}

struct Unexpected: Error {}

/// The failure of a call that has to fail.
func dockerError(_ call: () async throws -> some Any) async throws -> DockerError {
    do {
        _ = try await call()
    } catch let error as DockerError {
        return error
    }
    throw Unexpected()
}
