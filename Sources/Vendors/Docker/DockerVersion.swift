/// A version of the Engine API, `1.41`.
public struct DockerVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var major: Int
    public var minor: Int

    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]), major >= 0, minor >= 0 else {
            return nil
        }
        self.init(major, minor)
    }

    /// What this client was written for: Debian 12's docker up to the newest in the contract.
    public static let supported = DockerVersion(1, 41)...DockerVersion(1, 55)

    public var description: String { "\(major).\(minor)" }

    public static func < (one: DockerVersion, other: DockerVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }

    /// The newest that both speak; `nil` when the daemon is older than all we know.
    static func common(ours: ClosedRange<DockerVersion>, theirs: DockerVersion) -> DockerVersion? {
        theirs < ours.lowerBound ? nil : min(ours.upperBound, theirs)
    }
}
