/// A rule for one text, with the words that say so.
struct Word: Sendable {
    var meaning: String
    var fits: @Sendable (String) -> Bool

    init(_ meaning: String, _ fits: @escaping @Sendable (String) -> Bool) {
        self.meaning = meaning
        self.fits = fits
    }

    static func one(of texts: String...) -> Word {
        Word("one of \(texts.joined(separator: ", "))") { text in
            texts.contains { $0.utf8.elementsEqual(text.utf8) }
        }
    }

    /// Digits only: no sign, no space.
    static func number(_ range: ClosedRange<Int64>) -> Word {
        Word("a whole number in \(range)") { text in
            text.utf8.count <= 19 && Words.isDigits(text) && Int64(text).map(range.contains) == true
        }
    }

    /// Text for a process: all but NUL.
    static func plain(max: Int) -> Word {
        Word("text of at most \(max) bytes without NUL") { $0.utf8.count <= max && !$0.utf8.contains(0) }
    }
}

/// The texts of the Engine API that we let through, each narrower than Docker's own rule.
enum Words {
    static let name = Word("a name of 2 to 128 of [a-zA-Z0-9_.-] that is not all hex digits") { text in
        isName(text) && !isHex(text)
    }

    /// A short text of hex digits is the beginning of an id to Docker, perhaps of somebody else's.
    static let reference = Word("a name or a full id") { text in
        isName(text) && (!isHex(text) || text.utf8.count == 64)
    }

    static let id = Word("a full id") { isHex($0) && $0.utf8.count == 64 }

    static let owner = Word("pa/…, service/…, reader/… or droplet/…") { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let kinds = ["pa", "service", "reader", "droplet"]
        return parts.count == 2 && kinds.contains { $0 == parts[0] } && isSimple(parts[1], 1...64, "-")
    }

    static let label = Word("a label's name") { isSimple($0, 1...128, "._-/") }
    static let hostname = Word("a host name") { isSimple($0, 1...253, ".-") && $0.utf8.first != UInt8(ascii: "-") }
    static let user = Word("a user: name or number, with :group if wanted") { text in
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { isSimple($0, 1...32, "_-") }
    }
    static let signal = Word("a signal") { text in
        (1...12).contains(text.utf8.count) && text.utf8.allSatisfy { isDigit($0) || (0x41...0x5a).contains($0) }
    }
    static let moment = Word("a time in seconds") { text in
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { (1...12).contains($0.utf8.count) && isDigits($0) }
    }
    static let tail = Word("a number of lines") { isDigits($0) && (1...9).contains($0.utf8.count) }
    /// `docker` runs any version of an image; without one it would pull all.
    static let tag = Word("a tag or digest") { isSimple($0, 1...200, "._-:") }
    static let repository = Word("an image's name") { isRepository($0) }
    static let image = Word("an image reference") { text in
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, isRepository(String(name)) else { return false }
        return parts.count == 1 || isSimple(parts[1], 8...200, ":")
    }
    static let port = Word("a port such as 80/tcp") { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && ["tcp", "udp"].contains(parts[1])
            && Word.number(1...65_535).fits(String(parts[0]))
    }
    static let path = Word("an absolute path without . and .. and //") { isPath($0) }

    static func isPath(_ text: String) -> Bool {
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= 1024 else { return false }
        if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return false }
        return text.utf8.count == 1 || parts(of: text).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    /// Components of an absolute path.
    static func parts(of path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst().map {
            String(Substring($0))
        }
    }

    private static func isRepository(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return isSimple(text, 1...255, "._-/:") && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    private static func isName(_ text: String) -> Bool {
        isSimple(text, 2...128, "_.-") && text.utf8.first.map(isLetterOrDigit) == true
    }

    private static func isHex(_ text: String) -> Bool {
        text.utf8.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) }
    }

    static func isSimple(_ text: some StringProtocol, _ length: ClosedRange<Int>, _ extra: String) -> Bool {
        length.contains(text.utf8.count) && text.utf8.allSatisfy { isLetterOrDigit($0) || extra.utf8.contains($0) }
    }

    static func isDigits(_ text: some StringProtocol) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isDigit) }
    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte)
    }
}
