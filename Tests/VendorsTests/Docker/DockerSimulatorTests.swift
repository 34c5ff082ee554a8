import Logging
import Outbound
import Simulators
import Testing

@testable import Vendors

/// The product's client and the simulated daemon, each written from the contract, understand each other.
@Suite("Client and simulated Docker agree") struct DockerSimulatorTests {
    private static let image = "ghcr.io/openclaw/openclaw:2"

    private func withDaemon(
        _ version: String = "1.41", _ body: (DockerSimulator, DockerClient) async throws -> Void
    ) async throws {
        var options = DockerSimulator.Options()
        options.version = version
        options.clock = .manual
        let daemon = try await DockerSimulator.start(options)
        daemon.publish(.init(Self.image))
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let result: Result<Void, any Error>
        do {
            try await body(daemon, DockerClient(outbound, endpoint: .unix(daemon.socket)))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await outbound.close()
        await daemon.stop()
        try result.get()
        #expect(daemon.breaches.isEmpty, "\(daemon.breaches)")
    }

    private func spec(_ name: String) -> DockerContainerSpec {
        var spec = DockerContainerSpec(name: name, image: Self.image)
        spec.labels = ["pa.id": name]
        spec.host.network = .host
        spec.host.restart = .unlessStopped
        spec.host.binds = [DockerBind("/srv/\(name)", at: "/data")]
        return spec
    }

    @Test(arguments: ["1.41", "1.55"]) func aContainerIsMadeFilledAndRemoved(version: String) async throws {
        try await withDaemon(version) { daemon, docker in
            let absent = try await dockerError { try await docker.createContainer(spec("pa-1")) }
            #expect(absent.kind == .noSuchImage)
            let reference = try DockerImageReference(Self.image)
            #expect(try await docker.pullImage(reference).tags == [Self.image])
            let id = try await docker.createContainer(spec("pa-1")).id
            #expect(try await dockerError { try await docker.createContainer(spec("pa-1")) }.kind == .nameTaken(by: id))
            let file = TarEntry(
                path: "config.json", .file(TarContent(Array("{}".utf8))), mode: 0o600, userID: 1000, groupID: 1000)
            try await docker.putArchive([file], into: id, at: "/data")
            #expect(try await docker.readFile("/data/config.json", in: id) == Array("{}".utf8))
            #expect(try await docker.stat("/data/config.json", in: id).mode == 0o600)
            #expect(daemon.file("/data/config.json", in: "pa-1")?.uid == 1000)
            #expect(try await docker.startContainer(id) == .done)
            #expect(try await docker.startContainer(id) == .already)
            #expect(try await docker.inspectContainer(id).state.isRunning)
            daemon.onExec(.init("check", exitCode: 3, output: "out\n") { $0.errors = "err\n" })
            let result = try await docker.run(DockerExecSpec(["check"]), in: id, timeout: .seconds(30))
            #expect(result.exitCode == 3 && result.output.outputText == "out\n" && result.output.errorText == "err\n")
            let again = try await dockerError { try await docker.startExec(result.execID, timeout: .seconds(30)) }
            #expect(again.kind == .alreadyStarted)
            let busy = try await dockerError { try await docker.removeContainer(id) }
            #expect(busy.kind == .running)
            try await docker.renameContainer(id, to: "pa-1-old")
            #expect(try await docker.listContainers(DockerFilter(names: ["pa-1-old"])).map(\.id) == [id])
            #expect(try await docker.listContainers(DockerFilter(names: ["pa-1"])).isEmpty)
            #expect(try await docker.stopContainer(id) == .done)
            #expect(try await docker.waitContainer(id, timeout: .seconds(30)) == 0)
            #expect(try await docker.removeContainer(id) == .done)
            #expect(try await docker.removeContainer(id) == .already)
        }
    }

    @Test func whatGoesWrongIsUnderstood() async throws {
        try await withDaemon { daemon, docker in
            let reference = try DockerImageReference(Self.image)
            let failures: [(DockerSimulator.PullFailure, DockerError.Kind)] = [
                (.unreachable, .unreachable), (.rateLimited, .rateLimited), (.diskFull, .diskFull),
            ]
            for (failure, kind) in failures {
                daemon.failPulls(of: "*", failure, times: 1)
                #expect(try await dockerError { try await docker.pullImage(reference) }.kind == kind)
            }
            try await docker.pullImage(reference)
            daemon.inject(.init(.lostReply, on: "create-container"))
            let lost = try await dockerError { try await docker.createContainer(spec("pa-1")) }
            #expect(lost.kind == .outcomeUnknown && daemon.containers().count == 1)
            daemon.behave(.init(.cannotExecute("node")))
            #expect(try await dockerError { try await docker.startContainer("pa-1") }.kind == .cannotExecute)
            let stopped = try await dockerError {
                try await docker.createExec(in: "pa-1", DockerExecSpec(["true"]))
            }
            #expect(stopped.kind == .notRunning)
        }
    }

    @Test func eventsComeAndTheDaemonMayGo() async throws {
        try await withDaemon { daemon, docker in
            try await docker.pullImage(try DockerImageReference(Self.image))
            let filter = DockerEventFilter(types: ["container"], labels: ["pa.id=pa-1"])
            var notices = docker.events(filter).makeAsyncIterator()
            #expect(try await notices.next() == .relist)
            _ = try await docker.createContainer(spec("pa-1"))
            guard case .event(let event)? = try await notices.next() else { throw Unexpected() }
            #expect(event.action == "create" && event.containerName == "pa-1")
            daemon.restartDaemon(for: .zero)
            guard case .lost? = try await notices.next() else { throw Unexpected() }
        }
    }
}
