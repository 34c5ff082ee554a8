import Foundation
import Logging
import Outbound
import Support
import Testing

@testable import Vendors

@Suite("The way to a Docker daemon", .docker) struct DockerConnectionTests {
    @Test func theNewestCommonVersionIsSpoken() async throws {
        try await DockerRig.with { rig in
            let theirs = try await rig.docker.ping()
            #expect(try await rig.docker.negotiate() == min(theirs, DockerVersion.supported.upperBound))
            let daemon = try await rig.docker.version()
            #expect(daemon.newestAPI == "\(theirs)" && !daemon.version.isEmpty)
        }
    }

    /// The daemon was replaced by an older one since the last call: it refuses, is asked what it speaks, and obeys.
    @Test func aRefusedVersionIsNegotiatedAgain() async throws {
        try await DockerRig.with { rig in
            let stale = DockerClient(
                rig.outbound, endpoint: .unix(rig.daemon.socket), supported: DockerVersion.supported,
                agreed: DockerVersion(1, 999))
            let before = await rig.outbound.counters().attempts
            let id = try await stale.createContainer(rig.spec("negotiated")).id
            #expect(try await stale.inspectContainer(id).id == id)
            // Refused create, ping, create, inspect.
            #expect(await rig.outbound.counters().attempts - before == 4)
        }
    }

    @Test(arguments: [
        DockerVersion(1, 998)...DockerVersion(1, 999), DockerVersion(1, 1)...DockerVersion(1, 2),
    ]) func noCommonVersionIsRefused(supported: ClosedRange<DockerVersion>) async throws {
        try await DockerRig.with { rig in
            let alien = DockerClient(rig.outbound, endpoint: .unix(rig.daemon.socket), supported: supported)
            let error = try await dockerError { try await alien.version() }
            #expect(error.kind == .versionRefused && error.isTerminal, "\(error)")
        }
    }

    @Test func withOurCertificateAndNotWithout() async throws {
        try await DockerRig.with { rig in
            let folder = rig.daemon.folder
            func client(_ tls: TLSIdentity) -> DockerClient {
                DockerClient(rig.outbound, endpoint: .tcp(host: "127.0.0.1", port: rig.daemon.port, tls: tls))
            }
            let full = TLSIdentity(ca: folder + "/ca.pem", cert: folder + "/client.pem", key: folder + "/client.key")
            let docker = client(full)
            let id = try await docker.createContainer(rig.spec("far")).id
            try await docker.startContainer(id)
            let said = try await docker.run(DockerExecSpec(["echo", "over TLS"]), in: id, timeout: .seconds(30))
            #expect(said.output.outputText == "over TLS\n")

            let naked = client(TLSIdentity(ca: folder + "/ca.pem"))
            let refused = try await dockerError { try await naked.removeContainer(id, isForced: true) }
            #expect(refused.kind == .unauthorized && refused.action == .ping, "\(refused)")
            let foreign = try await dockerError { try await client(TLSIdentity()).version() }
            #expect(foreign.kind == .unavailable, "\(foreign)")
            #expect(try await docker.inspectContainer(id).state.isRunning)
        }
    }

    @Test func nobodyListens() async throws {
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let docker = DockerClient(outbound, endpoint: .unix("/nonexistent/docker.sock"))
        let error = try await dockerError { try await docker.startContainer("some-name") }
        #expect(error.kind == .unavailable && error.isSurelyUnchanged)
        await outbound.close()
    }

    /// The change happened and its answer is lost: said so, never sent again, and found by a look.
    @Test func aLostAnswerIsNotRepeated() async throws {
        try await DockerRig.with { rig in
            let proxy = try CuttingProxy(to: rig.daemon.socket, at: "\(rig.daemon.folder)/cut-\(rig.id).sock")
            defer { proxy.stop() }
            let docker = DockerClient(rig.outbound, endpoint: .unix(proxy.socket))
            let version = try await docker.negotiate()
            proxy.loseAnswer(to: "POST /v\(version)/containers/create")
            let create = try await dockerError { try await docker.createContainer(rig.spec("lost")) }
            #expect(create.kind == .outcomeUnknown && !create.isSurelyUnchanged)
            let made = try await docker.inspectContainer(rig.name("lost"))
            #expect(made.labels == rig.labels)
            proxy.loseAnswer(to: "POST /v\(version)/containers/\(made.id)/start")
            #expect(try await dockerError { try await docker.startContainer(made.id) }.kind == .outcomeUnknown)
            #expect(try await docker.startContainer(made.id) == .already)
            proxy.loseAnswer(to: "DELETE /v\(version)/containers/\(made.id)")
            #expect(
                try await dockerError { try await docker.removeContainer(made.id, isForced: true) }.kind
                    == .outcomeUnknown)
            #expect(try await docker.removeContainer(made.id) == .already)
            #expect(proxy.cuts == 3)
            // A read is simply asked again.
            proxy.loseAnswer(to: "GET /v\(version)/containers/json")
            #expect(try await docker.listContainers(DockerFilter(labels: [rig.label])).isEmpty)
            #expect(proxy.cuts == 4)
        }
    }

    /// A daemon that says 500 often (here: a port in use) still gets every call.
    @Test func refusalsDoNotOpenTheBreaker() async throws {
        try await DockerRig.with { rig in
            let network = rig.name("busy")
            try await rig.docker.createNetwork(DockerNetworkSpec(name: network, labels: rig.labels))
            var spec = rig.spec("blocked")
            spec.host.network = .named(network)
            spec.host.ports = [DockerPort(80, hostPort: rig.daemon.port)]
            let id = try await rig.docker.createContainer(spec).id
            for _ in 0..<9 {
                #expect(try await dockerError { try await rig.docker.startContainer(id) }.kind == .portInUse)
            }
            #expect(await rig.outbound.counters().openBreakers.isEmpty)
        }
    }
}
