import FoundationEssentials
import Outbound

extension DockerClient {
    /// Unpacks entries below a folder of the container, running or not, while they are read. Not atomic: write under
    /// another name and rename by exec where that matters. `noSuchPath`: the folder is not there.
    public func putArchive(
        _ entries: [TarEntry], into container: String, at folder: String, timeout: Duration = .seconds(300)
    ) async throws {
        try DockerRules.reference(container, .putArchive)
        do {
            for entry in entries { _ = try TarWriter.header(of: entry) }
        } catch {
            throw DockerError(.invalid, .putArchive, target: container, message: error.reason)
        }
        var call = archive(.putArchive, "PUT", container, folder)
        call.headers = [("Content-Type", "application/x-tar")]
        call.bodyStream = BodyStream(length: TarWriter.length(of: entries)) { feed in
            try await TarWriter.write(entries, feed)
        }
        call.total = timeout
        try await send(call)
    }

    /// A file or folder as a tar archive, while it is read.
    public func archive(
        of path: String, in container: String, timeout: Duration = .seconds(300)
    ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        try DockerRules.reference(container, .getArchive)
        return try await stream(archive(.getArchive, "GET", container, path).with { $0.total = timeout }).body
    }

    /// The bytes of one file. `invalid` when it is a folder, or larger than `maxBytes`.
    public func readFile(_ path: String, in container: String, maxBytes: Int = 1 << 20) async throws -> [UInt8] {
        try await file(path, in: container, maxBytes: maxBytes).bytes
    }

    /// One file with its owner. `invalid` when it is a folder, or larger than `maxBytes`.
    public func file(_ path: String, in container: String, maxBytes: Int) async throws -> DockerFile {
        try DockerRules.reference(container, .getArchive)
        let call = archive(.getArchive, "GET", container, path)
        let response = try await stream(call)
        guard Self.stat(response.headers)?.isFolder != true else {
            throw DockerError(.invalid, .getArchive, target: container, message: "\(path) is a folder")
        }
        var reader = TarReader(maxBytes: maxBytes)
        do {
            try await forEachChunk(of: response, call) { try reader.feed($0) }
        } catch is TarReader.TooLarge {
            throw DockerError(
                .invalid, .getArchive, target: container, message: "\(path) is larger than \(maxBytes) bytes")
        }
        guard reader.isComplete, let file = reader.file else {
            throw DockerError(.unavailable, .getArchive, target: container, message: "\(path) broke off")
        }
        let owner = reader.owner
        return DockerFile(bytes: file, mode: owner.mode, userID: owner.userID, groupID: owner.groupID)
    }

    /// What is at a path; `noSuchPath` for nothing, and also without the container: the answer has no words.
    public func stat(_ path: String, in container: String) async throws -> DockerPathStat {
        try DockerRules.reference(container, .statPath)
        let call = archive(.statPath, "HEAD", container, path)
        let response = try await send(call)
        guard let stat = Self.stat(response.headers) else {
            throw DockerError(.unavailable, .statPath, target: container, message: "no word about \(path)")
        }
        return stat
    }

    private func archive(_ action: DockerAction, _ method: String, _ container: String, _ path: String) -> DockerCall {
        var call = DockerCall(action, container, method, ["containers", container, "archive"])
        call.query = [("path", path)]
        return call
    }

    private static func stat(_ headers: Headers) -> DockerPathStat? {
        headers["x-docker-container-path-stat"].flatMap { Data(base64Encoded: $0) }
            .flatMap { try? JSONDecoder().decode(DockerPathStat.self, from: $0) }
    }
}

/// What is at a path of a container. Owner and group are not told.
public struct DockerPathStat: Decodable, Sendable, Equatable {
    public var name: String
    public var sizeBytes: Int64
    /// Permission bits.
    public var mode: Int
    public var isFolder: Bool
    /// Of a symbolic link.
    public var linkTarget: String?

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        name = try fields.need("name")
        sizeBytes = fields.find("size") ?? 0
        // Go's FileMode: permissions as usual, the kind in the highest bits (`os.ModeDir` is 1 << 31).
        let bits: UInt32 = try fields.need("mode")
        mode = Int(bits & 0o777)
        isFolder = bits & 1 << 31 != 0
        let target: String? = fields.find("linkTarget")
        linkTarget = target?.isEmpty == true ? nil : target
    }
}

/// A file of a container. Nil is what its archive did not say.
public struct DockerFile: Sendable, Equatable {
    public var bytes: [UInt8]
    /// Permission bits.
    public var mode: Int?
    public var userID: Int?
    public var groupID: Int?
}
