/// A public host name, in lower case. Proven to be DNS: in a configuration `{`, `*` and spaces would be syntax, and a
/// name that no authority certifies would be asked for again and again.
public struct CaddyHost: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) throws(CaddyInvalid) {
        let lowered = text.lowercased()
        let labels = lowered.split(separator: ".", omittingEmptySubsequences: false)
        guard lowered.utf8.count <= 253, labels.count >= 2, labels.allSatisfy(Self.isLabel) else {
            throw CaddyInvalid(
                "\"\(text.prefix(80))\" is no host name: two or more labels of a-z 0-9 and inner -, at most 63 each")
        }
        guard labels.last?.utf8.contains(where: { !(0x30...0x39).contains($0) }) == true else {
            throw CaddyInvalid("\"\(text.prefix(80))\" is an address, not a host name")
        }
        self.text = lowered
    }

    /// `<label>.<domain>`, where the label comes from a row and must not bring labels of its own.
    public init(label: String, domain: String) throws(CaddyInvalid) {
        guard Self.isLabel(label.lowercased()[...]) else {
            throw CaddyInvalid("\"\(label.prefix(80))\" is no DNS label: a-z 0-9 and inner -, at most 63")
        }
        try self.init("\(label).\(domain)")
    }

    public var description: String { text }

    private static func isLabel(_ label: Substring) -> Bool {
        let dash = UInt8(ascii: "-")
        return (1...63).contains(label.utf8.count) && label.utf8.first != dash && label.utf8.last != dash
            && label.utf8.allSatisfy { $0.isLetterOrDigit || $0 == dash }
    }

    /// As Caddy matches: without case, `*` for one label.
    func isMatched(by pattern: String) -> Bool {
        let wanted = text.split(separator: ".")
        let parts = pattern.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == wanted.count && zip(parts, wanted).allSatisfy { $0 == "*" || $0 == $1 }
    }
}
