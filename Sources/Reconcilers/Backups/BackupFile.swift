import Crypto
import Glibc

/// A back-up while it is written or read: bytes, their hash, and what is in it, all in one pass and with one chunk in
/// memory.
struct BackupPass {
    private(set) var bytes: Int64 = 0
    private var hash = SHA256()
    private var census: any BackupCensus

    init(_ format: BackupFormat) { census = format.census }

    mutating func take(_ chunk: [UInt8]) throws {
        bytes += Int64(chunk.count)
        hash.update(data: chunk)
        try census.take(chunk)
    }

    /// - Throws: `BackupFault` when it is no whole.
    func end() throws -> BackupContent {
        BackupContent(
            bytes: bytes,
            sha256: hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
            entries: try census.entries())
    }
}

struct BackupContent: Sendable, Equatable {
    var bytes: Int64
    var sha256: String
    var entries: Int64
}

/// Written under another name, brought to the disk, then named: a file of that name is a whole.
struct BackupDraft: Sendable {
    let path: String
    private let file: OpenFile
    static let suffix = ".part"

    init(_ path: String) async throws {
        self.path = path
        file = try await OpenFile.create(path + Self.suffix)
    }

    func write(_ chunk: [UInt8]) async throws { try await file.write(chunk) }

    func finish() async throws {
        try await file.sync()
        try await Disk.wait { [path] in
            guard rename(path + Self.suffix, path) == 0 else { throw Disk.failure(path, "name") }
            let folder = open(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), O_RDONLY | O_DIRECTORY)
            guard folder >= 0 else { throw Disk.failure(path, "name") }
            defer { close(folder) }
            guard fsync(folder) == 0 else { throw Disk.failure(path, "name") }
        }
    }

    func discard() async { try? await Disk.remove(path + Self.suffix) }
}
