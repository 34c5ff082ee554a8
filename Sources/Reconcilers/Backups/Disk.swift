import Dispatch
import FoundationEssentials
import Glibc

/// Files of back-ups. Every call may wait for the disk, so it is made on a thread that may wait.
struct Disk: Sendable {
    private static let queue = DispatchQueue(label: "converged.backups")

    /// What the system said, and about which path.
    struct Failure: Error, Equatable, CustomStringConvertible {
        var path: String
        var action: String
        var code: Int32

        var description: String {
            let advice =
                switch code {
                case ENOSPC, EDQUOT: "; free space there, or lower backups.keep_days"
                case ENOENT, EACCES, EROFS, ENOTDIR:
                    "; backups.directory has to be a folder that the daemon may write to"
                default: ""
                }
            return "cannot \(action) \(path): \(String(cString: strerror(code)))\(advice)"
        }
    }

    static func wait<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }

    /// The folder and those between `root` and it, for nobody else to read. `root` itself has to be there.
    static func makeFolder(_ path: String, below root: String) async throws {
        try await wait {
            var made = root
            for part in path.split(separator: "/") {
                made += "/" + part
                guard mkdir(made, 0o700) == 0 || errno == EEXIST else { throw failure(made, "make folder") }
            }
        }
    }

    /// Names in a folder; none when there is no such folder.
    static func list(_ folder: String) async throws -> [String] {
        try await wait {
            guard let stream = opendir(folder) else {
                if errno == ENOENT { return [] }
                throw failure(folder, "list")
            }
            defer { closedir(stream) }
            var names: [String] = []
            while let entry = readdir(stream) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != "." && name != ".." { names.append(name) }
            }
            return names.sorted()
        }
    }

    /// One that is gone already is as good.
    static func remove(_ path: String) async throws {
        try await wait {
            guard unlink(path) == 0 || errno == ENOENT else { throw failure(path, "remove") }
        }
    }

    static func exists(_ path: String) async throws -> Bool {
        try await wait {
            if access(path, F_OK) == 0 { return true }
            if errno == ENOENT || errno == ENOTDIR { return false }
            throw failure(path, "look at")
        }
    }

    static func failure(_ path: String, _ action: String) -> Failure {
        Failure(path: path, action: action, code: errno)
    }
}
