import Foundation
import Glibc
import Logging
import Outbound
import Support
import Testing

@testable import Broker
@testable import Vendors

extension Trait where Self == ConditionTrait {
    /// Skipped, aloud, where no daemon of our own can run.
    static var docker: Self {
        .enabled("a Docker daemon can run here (the reason is printed)") { await DockerObstacle.found == nil }
    }
}

/// A broker before the shared Docker daemon: our client through it, and one that goes to the daemon itself.
struct BrokerRig: Sendable {
    let daemon: TestDocker
    let broker: RunningBroker
    /// Through the broker.
    let docker: DockerClient
    /// Past it, as root does.
    let root: DockerClient
    let id = UUID().uuidString.prefix(8).lowercased()

    var labels: [String: String] { ["converged.owner": "pa/\(id)", "test": String(id)] }
    func name(_ text: String) -> String { "\(text)-\(id)" }

    func spec(_ text: String, _ command: [String] = ["sleep", "1000"]) -> DockerContainerSpec {
        var spec = DockerContainerSpec(name: name(text), image: TestDocker.image, command: command)
        spec.labels = labels
        spec.host.network = .none
        return spec
    }

    /// One of ours that runs; its id.
    @discardableResult func running(_ text: String, _ command: [String] = ["sleep", "1000"]) async throws -> String {
        let id = try await docker.createContainer(spec(text, command)).id
        try await docker.startContainer(id)
        return id
    }

    /// Somebody else's.
    func foreign(_ text: String) async throws -> String {
        var spec = spec(text)
        spec.labels = ["test": String(id)]
        spec.environment = ["SECRET": "hush"]
        let id = try await root.createContainer(spec).id
        try await root.startContainer(id)
        return id
    }

    static func with(
        _ settings: BrokerSettings = BrokerSettings(), _ body: (BrokerRig) async throws -> Void
    ) async throws {
        let daemon = try await TestDocker.shared
        var settings = settings
        settings.daemon = daemon.socket
        let broker = try await RunningBroker.start(settings)
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let rig = BrokerRig(
            daemon: daemon, broker: broker, docker: DockerClient(outbound, endpoint: .unix(broker.socket)),
            root: DockerClient(outbound, endpoint: .unix(daemon.socket)))
        let result: Result<Void, any Error>
        do {
            try await body(rig)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        let mark = "test=\(rig.id)"
        for container in (try? await rig.root.listContainers(DockerFilter(labels: [mark]))) ?? [] {
            _ = try? await rig.root.removeContainer(container.id, isForced: true)
        }
        for network in (try? await rig.root.listNetworks(labels: [mark])) ?? [] {
            _ = try? await rig.root.removeNetwork(network.id)
        }
        for volume in (try? await rig.root.listVolumes(labels: [mark])) ?? [] {
            _ = try? await rig.root.removeVolume(volume.name)
        }
        await outbound.close()
        await broker.stop()
        try result.get()
    }
}

/// A broker in this process, on a socket that is bound as systemd would.
final class RunningBroker: Sendable {
    let socket: String
    let log: LogBook
    private let broker: Broker
    private let work: Task<Void, any Error>

    private init(_ socket: String, _ log: LogBook, _ broker: Broker, _ work: Task<Void, any Error>) {
        self.socket = socket
        self.log = log
        self.broker = broker
        self.work = work
    }

    static func start(_ settings: BrokerSettings) async throws -> RunningBroker {
        let socket = NSTemporaryDirectory() + "/broker-\(UUID().uuidString.prefix(8)).sock"
        let descriptor = try UnixSocket.listen(at: socket)
        let log = LogBook()
        let broker = Broker(settings, logger: Logger(label: "broker") { _ in log.handler })
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        let work = Task {
            defer { isReady.finish() }
            try await broker.run(descriptor: descriptor) { isReady.yield() }
        }
        for await _ in ready { return RunningBroker(socket, log, broker, work) }
        try await work.value
        throw UnixSocket.Failure(description: "the broker ended at once")
    }

    func stop() async {
        broker.stop()
        work.cancel()
        _ = await work.result
        try? FileManager.default.removeItem(atPath: socket)
    }

    /// Stops softly, and returns when it has ended by itself.
    func drain() async throws {
        broker.stop()
        try await work.value
    }
}

func dockerError(_ call: () async throws -> some Any) async throws -> DockerError {
    do {
        _ = try await call()
    } catch let error as DockerError {
        return error
    }
    throw UnixSocket.Failure(description: "the call was not refused")
}
