import Foundation

/// A real image registry on 127.0.0.1, plain HTTP, which dockerd allows there.
public final class TestRegistry: Sendable {
    public static let user = "puller"
    public static let password = "correct horse"
    /// bcrypt of `password`.
    private static let entry = "puller:$2b$04$HgsuPuEcrgGY7zMnAn9R6us79cbadGIG8K5yVf4Z69FD4d/qOIIMy"

    public let folder: String
    /// `127.0.0.1:12345`.
    public let host: String
    private let process: ChildProcess

    private init(folder: String, host: String, process: ChildProcess) {
        self.folder = folder
        self.host = host
        self.process = process
    }

    /// - Parameter folder: of another registry, to serve the same images.
    public static func start(folder: String? = nil, wantsLogin: Bool = false) async throws -> TestRegistry {
        let folder = try folder ?? TemporaryFolder.make("registry")
        var settings = """
            version: 0.1
            log: {level: info}
            storage:
              filesystem: {rootdirectory: \(folder)/images}
              delete: {enabled: true}
            http: {addr: "127.0.0.1:0"}

            """
        if wantsLogin {
            try entry.write(toFile: folder + "/htpasswd", atomically: false, encoding: .utf8)
            settings += "auth: {htpasswd: {realm: tests, path: \(folder)/htpasswd}}\n"
        }
        let name = wantsLogin ? "guarded" : "open"
        try settings.write(toFile: "\(folder)/\(name).yml", atomically: false, encoding: .utf8)
        let process = try await ChildProcess.start(
            ["/usr/bin/docker-registry", "serve", "\(folder)/\(name).yml"], directory: folder, name: name)
        try await eventually("the registry listens") { process.log.contains("listening on 127.0.0.1:") }
        let port = process.log.components(separatedBy: "listening on 127.0.0.1:")[1].prefix { $0.isNumber }
        return TestRegistry(folder: folder, host: "127.0.0.1:\(port)", process: process)
    }

    /// Makes an image with the daemon and brings it here; the daemon forgets it.
    public func add(_ name: String, marker: String, with docker: TestDocker) async throws -> String {
        let reference = "\(host)/\(name)"
        try await docker.makeImage(reference, marker: marker)
        try await docker.command(["push", "-q", reference])
        try await docker.command(["rmi", reference])
        return reference
    }

    /// Loses the content of all layers that it holds; manifests stay.
    public func loseLayers() throws {
        let root = folder + "/images/docker/registry/v2/blobs"
        for path in try FileManager.default.subpathsOfDirectory(atPath: root) where path.hasSuffix("/data") {
            let size = try FileManager.default.attributesOfItem(atPath: root + "/" + path)[.size] as? Int ?? 0
            // Manifests and image configurations are small.
            if size > 100_000 { try FileManager.default.removeItem(atPath: root + "/" + path) }
        }
    }

    public func stop() async {
        process.kill(SIGKILL)
        await process.wait()
    }
}
