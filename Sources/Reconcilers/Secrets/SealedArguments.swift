import Crypto
import FoundationEssentials
import Queue

extension KeyRing {
    /// Seals the arguments of secret jobs with the key ring's current key, each bound to its kind.
    public var argumentSeal: ArgumentSeal {
        ArgumentSeal(
            seal: { seal(Array($0.utf8), for: Self.place(of: $1)) },
            open: { String(decoding: try open($0, for: Self.place(of: $1)), as: UTF8.self) })
    }

    /// A row of its own for every kind, among all those that sealed values can belong to: a job has no id yet when its
    /// arguments are sealed.
    private static func place(of kind: String) -> UUID {
        let digest = SHA256.hash(data: Array("converged.jobs/\(kind)".utf8))
        return digest.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}
