import FoundationEssentials
import Synchronization
import Vendors

/// Reads files of a droplet through its Docker daemon, which may do so where we may not, near or far: a container that is
/// made with the file mounted, and never started, gives it out as an archive and goes again. It carries no mark by which
/// surveys count containers.
struct EnvironmentFiles: Sendable {
    let docker: DockerClient
    private let held = Held()

    /// A service that is looked at every other second is not read for each time. Each reads for itself, even what another
    /// has just read: so it finds the reader that a run which was cut off left behind.
    private final class Held: Sendable {
        let files = Mutex<[String: (lines: [String: String], at: ContinuousClock.Instant)]>([:])
    }

    init(docker: DockerClient) { self.docker = docker }

    private static let place = "/converged-environment"
    private static let maxBytes = 65_536
    private static let keepsFor = Duration.seconds(30)

    /// - Throws: ``ContainerFault`` when it cannot be read for a reason that has a name, `DockerError` otherwise.
    func lines(of path: String, for row: ServiceRow) async throws -> [String: String] {
        let key = Self.owner(row) + path
        let known = held.files.withLock { $0[key] }
        if let known, known.at.duration(to: .now) < Self.keepsFor { return known.lines }
        let reader = try await make(path, row)
        let read: Result<DockerFile, any Error>
        do {
            read = .success(try await docker.file(Self.place, in: reader, maxBytes: Self.maxBytes))
        } catch {
            read = .failure(error)
        }
        try await docker.removeContainer(reader, isForced: true)
        do {
            let lines = ServiceEnvironment.lines(of: try read.get().bytes)
            held.files.withLock { $0[key] = (lines, .now) }
            return lines
        } catch let error as DockerError where error.kind == .invalid {
            throw ContainerFault(.environmentFileMissing, "\(path) is no file of at most 64 KiB", isPassing: true)
        }
    }

    func forget(_ path: String, for row: ServiceRow) {
        _ = held.files.withLock { $0.removeValue(forKey: Self.owner(row) + path) }
    }

    /// With the service goes what a run that was cut off left behind.
    func clear(_ row: ServiceRow) async throws {
        guard let path = row.envFile else { return }
        forget(path, for: row)
        do { _ = try await removeLeftover(of: row) } catch let error as DockerError where error.kind == .notFound {}
    }

    /// - Returns: false, and nothing was done, when what has the reader's name is somebody else's.
    private func removeLeftover(of row: ServiceRow) async throws -> Bool {
        let found = try await docker.inspectContainer(Self.name(row))
        guard found.labels[Marks.owner] == Self.owner(row) else { return false }
        try await docker.removeContainer(found.id, isForced: true)
        return true
    }

    private static func name(_ row: ServiceRow) -> String { "\(row.name).env" }
    private static func owner(_ row: ServiceRow) -> String { "reader/\(row.key)" }

    private func make(_ path: String, _ row: ServiceRow) async throws -> String {
        var spec = DockerContainerSpec(name: Self.name(row), image: row.image, command: ["true"])
        spec.labels = [Marks.owner: Self.owner(row)]
        spec.host.network = .none
        spec.host.mounts = [DockerMount(.bind, path, at: Self.place, isReadOnly: true)]
        for _ in 0..<3 {
            do {
                return try await docker.createContainer(spec).id
            } catch let error as DockerError {
                try await clear(error, path, row)
            }
        }
        throw DockerError(.conflict, .createContainer, target: spec.name, message: "it comes back again and again")
    }

    /// What was in the way of making the reader is out of it, or thrown.
    private func clear(_ error: DockerError, _ path: String, _ row: ServiceRow) async throws {
        switch error.kind {
        case .nameTaken:
            // Left by a run that was cut off.
            guard try await removeLeftover(of: row) else {
                throw ContainerFault(.foreignContainer, "container \(Self.name(row)) is not ours", isPassing: true)
            }
        case .noSuchImage:
            do {
                try await docker.pullImage(try DockerImageReference(row.image), timeout: .seconds(1800)) { _ in }
            } catch let error as DockerError {
                let reason: Reason = error.kind == .diskFull ? .diskFull : .imagePullFailed
                throw ContainerFault(reason, error.description, isPassing: true)
            }
        case .needMissing:
            throw ContainerFault(.environmentFileMissing, "\(path) is not on the droplet", isPassing: true)
        default: throw error
        }
    }
}
