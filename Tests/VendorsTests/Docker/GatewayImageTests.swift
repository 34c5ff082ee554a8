import Foundation
import Logging
import Outbound
import Support
import Testing

@testable import Vendors

@Suite("Probes of a gateway", .docker) struct GatewayImageTests {
    private func start(_ rig: DockerRig, _ life: TestDocker.GatewayLife) async throws -> GatewayClient {
        let image = "local/gateway-\(rig.id):\(life.rawValue)"
        try await rig.daemon.makeGatewayImage(image, life)
        let port = try FreePort.take()
        var spec = DockerContainerSpec(name: rig.name("gateway"), image: image)
        spec.labels = ["test": String(rig.id)]
        spec.host.network = .host
        let id = try await rig.docker.createContainer(spec).id
        let config = #"{"gateway": {"port": \#(port), "auth": {"mode": "token", "token": "made-up"}}}"#
        try await rig.docker.putArchive(
            [
                .folder("home", mode: 0o755), .folder("home/node", mode: 0o755),
                .folder("home/node/.openclaw", mode: 0o700),
                .file("home/node/.openclaw/openclaw.json", Array(config.utf8), mode: 0o600),
            ], into: id, at: "/")
        try await rig.docker.startContainer(id)
        return GatewayClient(rig.outbound, host: "127.0.0.1", port: port)
    }

    @Test func aServingGatewayTakesItsTokenOnly() async throws {
        try await DockerRig.with { rig in
            let gateway = try await start(rig, .serves)
            try await eventually("it serves") { try await gateway.probe("/healthz") == .status(200) }
            #expect(try await gateway.probe(token: "made-up") == .status(404))
            #expect(try await gateway.probe(token: "another") == .status(401))
        }
    }

    @Test func aSickGatewaySaysSo() async throws {
        try await DockerRig.with { rig in
            let gateway = try await start(rig, .sick)
            try await eventually("it answers") { try await gateway.probe("/healthz") == .status(503) }
        }
    }

    @Test func nobodyThereIsAFinding() async throws {
        try await DockerRig.with { rig in
            let gateway = GatewayClient(rig.outbound, host: "127.0.0.1", port: try FreePort.take())
            guard case .silence(let why) = try await gateway.probe("/healthz") else { throw Unexpected() }
            #expect(!why.isEmpty)
        }
    }
}
