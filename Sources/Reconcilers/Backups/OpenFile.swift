import Glibc

/// Closed when nobody holds it any more.
final class OpenFile: Sendable {
    private let descriptor: Int32
    private let path: String

    private init(_ path: String, _ action: String, _ flags: Int32) throws(Disk.Failure) {
        self.path = path
        descriptor = Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Disk.failure(path, action) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    static func open(_ path: String) async throws -> OpenFile {
        try await Disk.wait { try OpenFile(path, "read", O_RDONLY) }
    }

    /// Empty, for nobody else to read.
    static func create(_ path: String) async throws -> OpenFile {
        try await Disk.wait { try OpenFile(path, "write", O_WRONLY | O_CREAT | O_TRUNC) }
    }

    /// nil at the end.
    func read(_ most: Int) async throws -> [UInt8]? {
        try await Disk.wait { [self] in
            while true {
                var count = 0
                let chunk = [UInt8](unsafeUninitializedCapacity: most) { buffer, filled in
                    count = Glibc.read(descriptor, buffer.baseAddress, most)
                    filled = max(0, count)
                }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw Disk.failure(path, "read") }
                return count == 0 ? nil : chunk
            }
        }
    }

    func write(_ chunk: [UInt8]) async throws {
        try await Disk.wait { [self] in
            var rest = chunk[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Disk.failure(path, "write") }
                rest = rest.dropFirst(count)
            }
        }
    }

    func sync() async throws {
        try await Disk.wait { [self] in
            guard fsync(descriptor) == 0 else { throw Disk.failure(path, "write") }
        }
    }
}
