/// An `@id` or a server's name: what may stand in a path of the admin API. Letters, digits, `_`, `-` and `.`, at most 64.
public struct CaddyName: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) throws(CaddyInvalid) {
        let isPlain = text.utf8.allSatisfy { byte in
            byte.isLetterOrDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
        guard isPlain, (1...64).contains(text.utf8.count), text.utf8.first?.isLetterOrDigit == true else {
            throw CaddyInvalid("\"\(text.prefix(80))\" is no name for Caddy: 1 to 64 of A-Z a-z 0-9 _ - .")
        }
        self.text = text
    }

    public var description: String { text }
    public static func < (one: CaddyName, other: CaddyName) -> Bool { one.text < other.text }
}

/// A value of a row that must not reach a configuration. Says which and why.
public struct CaddyInvalid: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

extension UInt8 {
    var isLetterOrDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: false
        }
    }
}
