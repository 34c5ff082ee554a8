import Foundation
import Simulators
import Support

/// The Docker daemon of the show's droplet: a real one of its own where one can run here, the simulated one otherwise.
enum Engine {
    case real(TestDocker)
    case simulated(DockerSimulator, GatewayServers)

    static let images = (old: "ghcr.io/openclaw/openclaw:2026.2.22", new: "ghcr.io/openclaw/openclaw:2026.3.1")
    /// Of the droplet; so many that other programs of this machine are in nobody's way.
    static func ports() -> ClosedRange<Int> {
        let first = Int.random(in: 20_000..<30_000)
        return first...(first + 9)
    }

    static func start(_ ports: ClosedRange<Int>) async throws -> Engine {
        if let obstacle = await DockerObstacle.reason() {
            say("a simulated Docker daemon, because \(obstacle)")
            let simulator = try await DockerSimulator.start()
            for image in [images.old, images.new] { simulator.publish(.init(image), isLocal: true) }
            teach(simulator)
            return .simulated(simulator, try await GatewayServers.open(simulator, ports: ports, address: "127.0.0.1"))
        }
        say("a real Docker daemon of its own, and two tiny images in the place of OpenClaw's")
        let docker = try await TestDocker.start()
        for image in [images.old, images.new] { try await docker.makeGatewayImage(image) }
        return .real(docker)
    }

    /// The commands of the fleet's checklist, and what each leaves in a container.
    private static func teach(_ simulator: DockerSimulator) {
        simulator.onExec(.init("timeout * apt-get update"))
        simulator.onExec(.init("timeout * chromium") { $0.marks = ["chromium"] })
        simulator.onExec(.init("chromium --version") { $0.needs = ["chromium"] })
        simulator.onExec(.init("timeout * mcporter") { $0.marks = ["mcporter"] })
        simulator.onExec(.init("npm ls *", exitCode: 1))
        simulator.onExec(.init("npm ls *") { $0.needs = ["mcporter"] })
        simulator.onExec(
            .init("mv -f *") {
                for (folder, name) in [
                    ("/home/node/.openclaw/", "openclaw.json"), ("/home/node/.mcporter/", "mcporter.json"),
                ] {
                    $0.moves[folder + "." + name + ".converged"] = folder + name
                }
            })
    }

    var socket: String {
        switch self {
        case .real(let docker): docker.socket
        case .simulated(let simulator, _): simulator.socket
        }
    }

    /// Behind everybody's back.
    func remove(_ container: String) async throws {
        switch self {
        case .real(let docker): try await docker.command(["rm", "--force", container])
        case .simulated(let simulator, _): simulator.removeContainer(container)
        }
    }

    /// All there are, with image and state: `pa-ada ghcr.io/openclaw/openclaw:2026.3.1 running`.
    func containers() async throws -> [String] {
        switch self {
        case .real(let docker):
            return try await docker.command(["ps", "--all", "--format", "{{.Names}} {{.Image}} {{.State}}"])
                .split(separator: "\n").map(String.init).sorted()
        case .simulated(let simulator, _):
            return simulator.containers().map { "\($0.name) \($0.image) \($0.state)" }.sorted()
        }
    }

    func stop() async {
        switch self {
        case .real(let docker): await docker.stop()
        case .simulated(let simulator, let gateways):
            await gateways.stop()
            await simulator.stop()
        }
    }
}
