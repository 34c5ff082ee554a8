import Foundation
import Synchronization

/// A private Debian Caddy: own configuration, data and admin socket, gone at the end of `with`, however that ends.
/// Its configuration is read from a file at every start, so what came in by the admin API is lost with a restart.
public final class TestCaddy: Sendable {
    public enum Admin: Sendable { case socket, port }

    public static let program = "/usr/bin/caddy"

    public let folder: String
    /// Of the server `main`, on 127.0.0.1.
    public let port: Int
    /// Of the admin API on 127.0.0.1, when it is not on the socket.
    public let adminPort: Int
    private let process = Mutex<ChildProcess?>(nil)

    public var adminSocket: String { folder + "/admin.sock" }
    /// The authority of `tls internal`, once Caddy has made it.
    public var authority: String { folder + "/data/caddy/pki/authorities/local/root.crt" }
    public var log: String { process.withLock { $0?.log ?? "" } }

    /// - Parameters:
    ///   - routes: JSON array of the server `main`.
    ///   - apps: JSON of all apps instead of that server, with `PORT` for its port.
    ///   - admin: where its API listens.
    public static func with<Answer>(
        routes: String = "[]", apps: String? = nil, admin: Admin = .socket, _ body: (TestCaddy) async throws -> Answer
    ) async throws -> Answer {
        let caddy = try TestCaddy()
        let apps = apps?.replacing("PORT", with: "\(caddy.port)") ?? caddy.oneServer(routes)
        let admin = admin == .socket ? "unix/\(caddy.adminSocket)" : "127.0.0.1:\(caddy.adminPort)"
        try """
        {"admin": {"listen": "\(admin)", "config": {"persist": false}}, "apps": \(apps)}
        """.write(toFile: caddy.folder + "/caddy.json", atomically: true, encoding: .utf8)
        do {
            try await caddy.start()
            let answer = try await body(caddy)
            await caddy.stop()
            return answer
        } catch {
            await caddy.stop()
            throw error
        }
    }

    private init() throws {
        folder = try TemporaryFolder.make("caddy")
        port = try FreePort.take()
        adminPort = try FreePort.take()
    }

    private func oneServer(_ routes: String) -> String {
        """
        {"http": {"servers": {"main": {
            "listen": ["127.0.0.1:\(port)"], "automatic_https": {"disable": true}, "routes": \(routes)
        }}}}
        """
    }

    public func start() async throws {
        try? FileManager.default.removeItem(atPath: folder + "/caddy.err")
        let started = try await ChildProcess.start(
            [Self.program, "run", "--config", folder + "/caddy.json"],
            environment: [
                "HOME": folder, "XDG_DATA_HOME": folder + "/data", "XDG_CONFIG_HOME": folder + "/config",
            ], directory: folder, name: "caddy")
        process.withLock { $0 = started }
        try await eventually("caddy serves its configuration", within: .seconds(60)) {
            guard started.isRunning else { throw ChildProcess.Failure(description: "caddy ended: \(started.log)") }
            return started.log.contains("serving initial configuration")
        }
    }

    /// Like a crash: nothing is handed over or tidied.
    public func kill() async { await end(SIGKILL) }

    public func stop() async { await end(SIGTERM) }

    private func end(_ signal: Int32) async {
        guard let running = process.withLock({ $0 }) else { return }
        running.kill(signal)
        await running.wait()
        process.withLock { $0 = nil }
    }
}
