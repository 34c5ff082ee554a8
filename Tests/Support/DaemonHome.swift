import Foundation

/// Where a daemon under test finds its secrets and leaves its files, and the environment that tells it so.
public struct DaemonHome: Sendable {
    public let folder: String
    public let keyring: String

    /// - Parameter purpose: the folder's prefix.
    public init(_ purpose: String, flyToken: String, keyring: String = Self.randomKeyring()) throws {
        folder = try TemporaryFolder.make(purpose)
        self.keyring = keyring
        try writeCredential("fly-token", flyToken)
        try writeCredential("keyring", keyring)
    }

    public static func randomKeyring() -> String {
        "k1 " + Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
    }

    public var credentials: String { folder + "/credentials" }

    /// One line, for its owner's eyes only: anything else is refused.
    public func writeCredential(_ name: String, _ value: String) throws {
        try FileManager.default.createDirectory(
            atPath: credentials, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = credentials + "/" + name
        try (value + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    /// What every daemon and verb needs; `settings` win.
    public func environment(
        database: String, fly: String, org: String, _ settings: [String: String] = [:]
    ) -> [String: String] {
        [
            "CONVERGED_DATABASE_URL": database, "CONVERGED_FLY_URL": fly, "CONVERGED_FLY_ORG": org,
            "CONVERGED_CREDENTIALS_DIR": credentials,
        ].merging(settings) { $1 }
    }

    /// `converged run` in a process of its own.
    public func start(_ environment: [String: String], name: String) async throws -> ChildProcess {
        try await ChildProcess.start(
            [Command.built("converged"), "run"], environment: environment, directory: folder, name: name)
    }

    public func remove() { TemporaryFolder.remove(folder) }
}
