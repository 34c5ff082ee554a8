import Foundation
import Synchronization

/// When each job's handler began. It stays in memory until the end, so that it costs the run next to nothing.
final class StartLog: Sendable {
    struct Start: Sendable {
        var job: Int64
        var nanoseconds: Int64
    }

    private let starts = Mutex<[Start]>([])

    func add(_ job: Int64) {
        let start = Start(job: job, nanoseconds: monotonicNanoseconds())
        starts.withLock { $0.append(start) }
    }

    func write(to path: String) throws {
        let data = starts.withLock { starts in starts.withUnsafeBytes { Data($0) } }
        try data.write(to: URL(fileURLWithPath: path))
    }

    static func read(_ path: String) throws -> [Start] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return data.withUnsafeBytes { bytes in
            (0..<bytes.count / MemoryLayout<Start>.stride).map {
                bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Start>.stride, as: Start.self)
            }
        }
    }
}
