import Postgres
import Vendors

/// Moves what is in a data directory, from inside a container of its own that has nothing but that directory: all are
/// renames within one file system. Programs come from the PA's own image; each is an argument list.
struct DataMover: Sendable {
    let docker: DockerClient
    let name: String
    let image: String
    let labels: [String: String]
    let mount: DockerMount
    /// Below the data directory: what comes, and what was there.
    let stage: String

    static let data = "/data"
    private var stagePath: String { "\(Self.data)/\(stage)" }
    private var oldPath: String { "\(stagePath)/old" }

    /// - Throws: `BackupFault` when the container has no data directory.
    init(docker: DockerClient, container: DockerContainer, restore: Int64) throws {
        let path = BackupMaker.dataPath
        let bound = container.host.binds.compactMap { bind -> DockerMount? in
            let parts = bind.split(separator: ":").map(String.init)
            return parts.count >= 2 && parts[1] == path
                ? DockerMount(parts[0].hasPrefix("/") ? .bind : .volume, parts[0], at: path) : nil
        }
        guard var mount = container.host.mounts.first(where: { $0.path == path }) ?? bound.first else {
            throw BackupFault("\(container.name) has no data directory at \(path)")
        }
        mount.path = Self.data
        mount.isReadOnly = false
        self.docker = docker
        self.mount = mount
        name = "\(container.name).restore"
        image = container.image
        labels = container.labels.filter { $0.key == Marks.owner || $0.key == Marks.droplet }
        stage = ".restore-\(restore)"
    }

    func unpack(_ tar: TarContent, timeout: Duration) async throws {
        try await run(["rm", "-rf", stagePath])
        try await run(["mkdir", "-p", oldPath])
        try await make(["true"])
        try await docker.putArchive(tar: tar, into: name, at: stagePath, timeout: timeout)
        try await remove()
    }

    /// Again and again until nothing but the stage is left: what was moved is not there a second time.
    func moveAside() async throws { try await move(allIn: Self.data, but: stage, to: oldPath) }

    /// - Parameter top: the folder that the archive brought.
    func moveIn(_ top: String) async throws { try await move(allIn: "\(stagePath)/\(top)", but: nil, to: Self.data) }

    func moveBack() async throws {
        try await move(allIn: oldPath, but: nil, to: Self.data)
        try await clear()
    }

    func clear() async throws { try await run(["rm", "-rf", stagePath]) }

    private func move(allIn folder: String, but stage: String?, to target: String) async throws {
        let all = ["find", folder, "-mindepth", "1", "-maxdepth", "1"] + (stage.map { ["!", "-name", $0] } ?? [])
        try await run(all + ["-exec", "mv", "-f", "{}", target + "/", ";"])
        // Its exit code says nothing of the commands it ran.
        let left = try await run(all)
        guard left.isEmpty else { throw BackupFault("cannot move out of \(folder): \(left.prefix(200))") }
    }

    @discardableResult private func run(_ argv: [String]) async throws -> String {
        try await make(argv)
        try await docker.startContainer(name)
        let code = try await docker.waitContainer(name, timeout: .seconds(600))
        let output = try await docker.logs(of: name, lines: 20)
        try await remove()
        guard code == 0 else {
            throw BackupFault("\(argv[0]) in \(name) ended with \(code): \(output.errorText.suffix(300))")
        }
        return output.outputText
    }

    private func make(_ argv: [String]) async throws {
        try await remove()
        var spec = DockerContainerSpec(name: name, image: image, command: Array(argv.dropFirst()))
        spec.entrypoint = [argv[0]]
        spec.user = "0"
        spec.labels = labels
        spec.host.network = .none
        spec.host.mounts = [mount]
        _ = try await docker.createContainer(spec)
    }

    func remove() async throws { try await docker.removeContainer(name, isForced: true) }
}
