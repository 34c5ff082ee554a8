/// An API token that can be sent but not printed: descriptions, dumps and interpolations show no part of it.
public struct FlyToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    public init(_ text: String) { self.text = text }

    /// Value of the `Authorization` header. Macaroons go as `FlyV1`, OAuth tokens as `Bearer`; a token may carry its
    /// scheme already (contract fly, basics).
    var authorization: String {
        if text.hasPrefix("Bearer ") || text.hasPrefix("FlyV1 ") { return text }
        let isMacaroon = text.split(separator: ",").contains { part in
            Self.macaroonPrefixes.contains { part.hasPrefix($0) }
        }
        return (isMacaroon ? "FlyV1 " : "Bearer ") + text
    }

    private static let macaroonPrefixes = ["fm1r_", "fm1a_", "fm2_"]

    public var description: String { "FlyToken" }
    public var debugDescription: String { "FlyToken" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
