import Crypto
import FoundationEssentials

/// The part of a machine's config that is compared with what Fly shows. Holds no secret: the environment is a digest.
struct MachineShape: Sendable, Equatable, Codable {
    var image: String
    var cpuKind: String
    var cpus: Int
    var memoryMB: Int
    var environmentDigest: String
    var volumePath: String
    var port: Int
    var handlers: [String]
    var checkPath: String
    var checkGraceSeconds: Int
    var restartPolicy: String

    /// 16 hex digits that stand for the shape and its volume's size: `machines.spec_hash` and the machine's
    /// metadata `converged_hash`.
    func hash(volumeGB: Int) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // Strings and integers always encode.
        let text = (try? encoder.encode(self)) ?? Data()
        return Digest.short([String(decoding: text, as: UTF8.self), String(volumeGB)])
    }
}

enum Digest {
    /// First 16 hex digits of a SHA-256 over the parts, each with its length in front so that borders count.
    static func short(_ parts: [String]) -> String {
        var hash = SHA256()
        for part in parts {
            hash.update(data: Array("\(part.utf8.count):".utf8))
            hash.update(data: Array(part.utf8))
        }
        return hash.finalize().prefix(8).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}
