/// Takes out of a program's output what looks like a secret. One pass over bounded text; what is known to be secret goes
/// first, then whatever follows `Bearer`, `token=`, `"password":`, `--api-key ` and the like, and logins in URLs.
enum Redaction {
    static let mark = "***"

    static func redact(_ text: String, secrets: [String] = []) -> String {
        var text = text
        for secret in secrets where secret.utf8.count >= 8 { text = text.replacing(secret, with: mark) }
        return Scan(text).redacted()
    }

    /// The end of what a program said, fit for a column: redacted, without control characters, at most so many characters.
    static func tail(_ bytes: [UInt8], isCut: Bool, secrets: [String], limit: Int = 4096) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        // The first word may be the rest of a secret.
        if isCut { text = String(text.drop { !$0.isWhitespace }) }
        let clean = redact(text, secrets: secrets).unicodeScalars.filter {
            $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: clean.suffix(limit))
        return String(result)
    }

    private static let names = [
        "token", "secret", "password", "passwd", "authorization", "credential", "api-key", "api_key", "apikey",
        "cookie",
    ].map { Array($0.utf8) }
    private static let schemes = ["bearer", "basic"].map { Array($0.utf8) }

    private struct Scan {
        let bytes: [UInt8]
        let lowered: [UInt8]
        var output: [UInt8] = []
        var index = 0
        /// The word that is being read begins with `-`.
        var isOption = false

        init(_ text: String) {
            bytes = Array(text.utf8)
            lowered = bytes.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
            output.reserveCapacity(bytes.count)
        }

        func redacted() -> String {
            var scan = self
            while scan.index < bytes.count { scan.step() }
            return String(decoding: scan.output, as: UTF8.self)
        }

        private mutating func step() {
            if index == 0 || Self.isSpace(bytes[index - 1]) { isOption = bytes[index] == UInt8(ascii: "-") }
            if let scheme = match(schemes), let value = value(after: index + scheme, needsMark: false) {
                return hide(from: value)
            }
            if let name = match(names), let value = value(after: index + name, needsMark: !isOption) {
                // The word after a scheme is the secret, not the scheme.
                if schemes.contains(where: { starts(with: $0, at: value) }) { return copy(to: value) }
                return hide(from: value)
            }
            if starts(with: [0x3a, 0x2f, 0x2f], at: index), let at = login(after: index + 3) {
                copy(to: index + 3)
                output += Array(mark.utf8)
                index = at
                return
            }
            copy(to: index + 1)
        }

        private func match(_ words: [[UInt8]]) -> Int? { words.first { starts(with: $0, at: index) }?.count }

        private func starts(with word: [UInt8], at place: Int) -> Bool {
            place + word.count <= lowered.count && lowered[place..<(place + word.count)].elementsEqual(word)
        }

        /// Where the value begins that belongs to a name; nil when none does.
        private func value(after end: Int, needsMark: Bool) -> Int? {
            var place = end
            var hasMark = false
            var hasSpace = false
            loop: while place < bytes.count, place < end + 16 {
                switch bytes[place] {
                case UInt8(ascii: "="), UInt8(ascii: ":"): hasMark = true
                case UInt8(ascii: " "), UInt8(ascii: "\t"): hasSpace = true
                case UInt8(ascii: "\""), UInt8(ascii: "'"): break
                default: break loop
                }
                place += 1
            }
            guard place < bytes.count, !Self.isEnd(bytes[place]), hasMark || !needsMark && hasSpace else { return nil }
            return place
        }

        /// The `@` that ends a login.
        private func login(after start: Int) -> Int? {
            var place = start
            while place < bytes.count, !Self.isSpace(bytes[place]), bytes[place] != UInt8(ascii: "/") {
                if bytes[place] == UInt8(ascii: "@") { return place > start ? place : nil }
                place += 1
            }
            return nil
        }

        private mutating func hide(from value: Int) {
            copy(to: value)
            output += Array(mark.utf8)
            while index < bytes.count, !Self.isEnd(bytes[index]) { index += 1 }
        }

        private mutating func copy(to end: Int) {
            output += bytes[index..<end]
            index = end
        }

        private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

        private static func isEnd(_ byte: UInt8) -> Bool {
            isSpace(byte) || "\"',;&)}]".utf8.contains(byte)
        }
    }
}
