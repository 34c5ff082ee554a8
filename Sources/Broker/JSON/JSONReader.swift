/// Reads JSON as strictly as it can be read. What other readers disagree about is an error here: a name that comes twice
/// (Docker takes the last), invalid UTF-8, half surrogates, fractions and exponents, anything behind the value.
struct JSONReader {
    struct Malformed: Error {
        let why: String
    }

    static let maxDepth = 12

    private let bytes: [UInt8]
    private var at = 0

    static func read(_ bytes: [UInt8]) throws(Malformed) -> JSON {
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.at == bytes.count else { throw reader.malformed("something follows the value") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func malformed(_ why: String) -> Malformed { Malformed(why: "\(why) at byte \(at)") }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { at += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func value(depth: Int) throws(Malformed) -> JSON {
        guard depth < Self.maxDepth else { throw malformed("nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try list(depth)
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .flag(true))
        case UInt8(ascii: "f"): return try word("false", .flag(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(Malformed) -> JSON {
        guard bytes[at...].starts(with: word.utf8) else { throw malformed("no value") }
        at += word.utf8.count
        return value
    }

    private mutating func number() throws(Malformed) -> JSON {
        let start = at
        if next == UInt8(ascii: "-") { at += 1 }
        let first = at
        while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
        let digits = bytes[first..<at]
        guard !digits.isEmpty, digits.count == 1 || digits.first != UInt8(ascii: "0"),
            let number = Int64(String(decoding: bytes[start..<at], as: UTF8.self))
        else { throw malformed("no value, or not a whole number of 64 bits") }
        if let byte = next, ".eE+".utf8.contains(byte) { throw malformed("a number that is not whole") }
        return .number(number)
    }

    private mutating func list(_ depth: Int) throws(Malformed) -> JSON {
        at += 1
        if take("]") { return .list([]) }
        var values: [JSON] = []
        repeat { values.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw malformed("a list that does not end") }
        return .list(values)
    }

    private mutating func object(_ depth: Int) throws(Malformed) -> JSON {
        at += 1
        if take("}") { return .object([]) }
        var members: [JSON.Member] = []
        var names: Set<[UInt8]> = []
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw malformed("a member without a name") }
            let name = try text()
            // By bytes: Swift takes texts for equal that Docker tells apart.
            guard names.insert(Array(name.utf8)).inserted else { throw malformed("a member that comes twice") }
            guard take(":") else { throw malformed("a member without a value") }
            members.append(JSON.Member(name, try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw malformed("an object that does not end") }
        return .object(members)
    }
}

extension JSONReader {
    private mutating func text() throws(Malformed) -> String {
        at += 1
        var text: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else { throw malformed("not UTF-8") }
                return text
            case UInt8(ascii: "\\"): text += Array(String(try escaped()).utf8)
            case 0..<0x20: throw malformed("a control character")
            default: text.append(byte)
            }
        }
        throw malformed("a text that does not end")
    }

    private mutating func escaped() throws(Malformed) -> Unicode.Scalar {
        guard let byte = next else { throw malformed("a text that does not end") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try scalar()
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func scalar() throws(Malformed) -> Unicode.Scalar {
        let first = try unit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), next == UInt8(ascii: "\\") else { throw malformed("half a surrogate") }
        at += 1
        guard next == UInt8(ascii: "u") else { throw malformed("half a surrogate") }
        at += 1
        let second = try unit()
        guard UTF16.isTrailSurrogate(second) else { throw malformed("half a surrogate") }
        let value = 0x10000 + (UInt32(first - 0xd800) << 10) + UInt32(second - 0xdc00)
        return Unicode.Scalar(value) ?? "\u{fffd}"
    }

    private mutating func unit() throws(Malformed) -> UInt16 {
        guard at + 4 <= bytes.count else { throw malformed("an escape that does not end") }
        let digits = bytes[at..<(at + 4)]
        guard digits.allSatisfy(Words.isHexDigit), let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw malformed("an escape that is no number") }
        at += 4
        return unit
    }
}
