import FoundationEssentials

/// Full power over one assistant's gateway: 32 random bytes as hex. Prints nothing of itself.
public struct GatewayToken: Sendable, Equatable {
    /// The 64 hex digits, for the one place that renders the environment.
    public let hex: String

    /// From the system's random number generator.
    public static func random() -> GatewayToken {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef")
        return GatewayToken(hex: String((0..<64).map { _ in digits[Int.random(in: 0..<16, using: &generator)] }))
    }

    public func sealed(by ring: KeyRing, for row: UUID) -> String { ring.seal(Array(hex.utf8), for: row) }

    public static func open(
        _ sealed: String, with ring: KeyRing, for row: UUID
    ) throws(KeyRingError) -> GatewayToken {
        GatewayToken(hex: String(decoding: try ring.open(sealed, for: row), as: UTF8.self))
    }
}

extension GatewayToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<secret>" }
    public var debugDescription: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
