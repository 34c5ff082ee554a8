/// A statement with its bound values. Interpolation binds, so a value can never become syntax:
///
///     let sql: SQL = "select name from users where id = \(id)"   // …id = $1
///     let sql: SQL = "select * from \(raw: "converged.jobs")"     // trusted text
///
/// Casts go after the value where the server cannot infer the type: `\(ids)::bigint[]`.
public struct SQL: Sendable, ExpressibleByStringInterpolation, ExpressibleByStringLiteral {
    /// The statement with `$1…$n`; also its key in the cache of prepared statements, so keep it constant.
    public private(set) var text: String
    /// One a placeholder; nil is NULL.
    public private(set) var values: [PostgresCell?]
    /// Offsets of the placeholders that interpolation wrote, so that `append` can renumber them.
    private var places: [Int]

    public init(stringLiteral text: String) {
        self.init(text, bind: [])
    }

    public init(stringInterpolation: Interpolation) {
        self = stringInterpolation.sql
    }

    /// Trusted text whose `$n` are already numbered: for hot statements whose text is a constant or uses a
    /// value twice.
    public init(_ text: String, bind values: [PostgresCell?]) {
        self.text = text
        self.values = values
        places = values.isEmpty ? [] : Self.findPlaceholders(in: text)
    }

    public mutating func append(_ other: SQL) {
        guard !values.isEmpty, !other.values.isEmpty else {
            places += other.places.map { $0 + text.utf8.count }
            text += other.text
            values += other.values
            return
        }
        let source = Array(other.text.utf8)
        var from = 0
        for place in other.places {
            text += String(decoding: source[from..<place], as: UTF8.self)
            var end = place + 1
            var number = 0
            while end < source.count, let digit = source[end].digit {
                number = number * 10 + digit
                end += 1
            }
            places.append(text.utf8.count)
            text += "$\(number + values.count)"
            from = end
        }
        text += String(decoding: source[from...], as: UTF8.self)
        values += other.values
    }

    fileprivate mutating func append(text other: String) { text += other }

    fileprivate mutating func bind(_ cell: PostgresCell?) {
        values.append(cell)
        places.append(text.utf8.count)
        text += "$\(values.count)"
    }

    /// `$n` outside quoted text.
    private static func findPlaceholders(in text: String) -> [Int] {
        let bytes = Array(text.utf8)
        var found: [Int] = []
        var quote: UInt8?
        for (index, byte) in bytes.enumerated() {
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == UInt8(ascii: "$"), index + 1 < bytes.count, bytes[index + 1].digit != nil {
                found.append(index)
            }
        }
        return found
    }

    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL("", bind: [])

        public init(literalCapacity: Int, interpolationCount: Int) {
            sql.text.reserveCapacity(literalCapacity + interpolationCount * 3)
            sql.values.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { sql.append(text: literal) }
        public mutating func appendInterpolation(_ value: some PostgresEncodable) { sql.bind(value.postgresCell) }
        public mutating func appendInterpolation(_ value: (some PostgresEncodable)?) { sql.bind(value?.postgresCell) }
        public mutating func appendInterpolation(_ part: SQL) { sql.append(part) }
        /// Trusted text: never from outside.
        public mutating func appendInterpolation(raw text: String) { sql.append(text: text) }
    }
}

/// A name as SQL writes it: `my"name` → `"my""name"`.
func quoteIdentifier(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
