/// What is wrong with a JSON text, and at which byte.
public struct JSONError: Error, CustomStringConvertible {
    public var description: String
}

extension JSON {
    /// Reads exactly one value.
    public init(parsing text: String) throws { try self.init(bytes: Array(text.utf8)) }

    public init(bytes: [UInt8]) throws {
        self = try bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(bytes: buffer)
            let value = try reader.value(depth: 0)
            reader.skipSpace()
            guard reader.position == buffer.count else { throw reader.wrong("text after the value") }
            return value
        }
    }
}

private struct JSONReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    func wrong(_ what: String) -> JSONError { JSONError(description: "\(what) at byte \(position)") }

    mutating func skipSpace() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    mutating func next() throws -> UInt8 {
        guard position < bytes.count else { throw wrong("unexpected end") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func value(depth: Int) throws -> JSON {
        guard depth < 64 else { throw wrong("nested deeper than 64") }
        skipSpace()
        guard position < bytes.count else { throw wrong("unexpected end") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: String, _ value: JSON) throws -> JSON {
        for byte in text.utf8 { guard try next() == byte else { throw wrong("unknown word") } }
        return value
    }

    private mutating func object(depth: Int) throws -> JSON {
        position += 1
        var fields: [String: JSON] = [:]
        skipSpace()
        if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
            position += 1
            return .object(fields)
        }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw wrong("no field name") }
            let key = try string()
            skipSpace()
            guard try next() == UInt8(ascii: ":") else { throw wrong("no colon after a field name") }
            guard fields.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
                throw wrong("field \(key) twice")
            }
            skipSpace()
            switch try next() {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "}"): return .object(fields)
            default: throw wrong("no comma in an object")
            }
        }
    }

    private mutating func array(depth: Int) throws -> JSON {
        position += 1
        var items: [JSON] = []
        skipSpace()
        if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
            position += 1
            return .array(items)
        }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            switch try next() {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "]"): return .array(items)
            default: throw wrong("no comma in an array")
            }
        }
    }

    private mutating func number() throws -> JSON {
        let start = position
        while position < bytes.count, Self.isNumeric(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let whole = Int(text) { return .int(whole) }
        guard let double = Double(text) else { throw wrong("no value") }
        return .double(double)
    }

    private static func isNumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"),
            UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func string() throws -> String {
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
            position += 1
        }
        var text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard try next() == UInt8(ascii: "\\") else { return text }
        position -= 1
        var plain: [UInt8] = []
        while true {
            let byte = try next()
            guard byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") else {
                plain.append(byte)
                continue
            }
            text += String(decoding: plain, as: UTF8.self)
            plain = []
            if byte == UInt8(ascii: "\"") { return text }
            text.unicodeScalars.append(try escape())
        }
    }

    private mutating func escape() throws -> Unicode.Scalar {
        switch try next() {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "u"):
            var code = try hex()
            if (0xD800..<0xDC00).contains(code) {
                guard try next() == UInt8(ascii: "\\"), try next() == UInt8(ascii: "u") else {
                    throw wrong("half a surrogate pair")
                }
                code = 0x10000 + (code - 0xD800) << 10 + (try hex()) &- 0xDC00
            }
            guard let scalar = Unicode.Scalar(code) else { throw wrong("no such character") }
            return scalar
        case let byte where [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/")].contains(byte):
            return Unicode.Scalar(byte)
        default: throw wrong("unknown escape")
        }
    }

    private mutating func hex() throws -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else { throw wrong("no hex digit") }
            code = code << 4 | UInt32(digit)
        }
        return code
    }
}
