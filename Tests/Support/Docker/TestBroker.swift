import Foundation

/// The installed broker, `converged docker-broker`, before a Docker daemon: its socket comes from outside, as in its unit.
public final class TestBroker: Sendable {
    public let socket: String
    private let process: ChildProcess

    private init(socket: String, process: ChildProcess) {
        self.socket = socket
        self.process = process
    }

    /// - Parameter options: `--places=…` and the like.
    public static func start(before daemon: TestDocker, _ options: [String] = []) async throws -> TestBroker {
        let folder = try TemporaryFolder.make("broker")
        let socket = folder + "/docker.sock"
        let process = try await ChildProcess.start(
            [
                "/usr/bin/systemd-socket-activate", "--listen=\(socket)", Command.built("converged"), "docker-broker",
                "--docker=\(daemon.socket)",
            ] + options, directory: folder, name: "broker")
        try await eventually("the broker's socket is there") { process.log.contains("Listening on \(socket)") }
        return TestBroker(socket: socket, process: process)
    }

    /// Everything that it has said: a line for each refusal.
    public var log: String { process.log }

    public func stop() async {
        process.kill(SIGTERM)
        await process.wait()
    }
}
