extension UInt8 {
    @inline(__always) var digit: Int? {
        let value = self &- UInt8(ascii: "0")
        return value < 10 ? Int(value) : nil
    }
}

extension PostgresEncodable where Self: FixedWidthInteger {
    public func appendPostgresText(to text: inout [UInt8]) -> Bool {
        appendDecimal(Int64(self), to: &text)
        return true
    }
    public static var postgresQuotesInArrays: Bool { false }
}

extension PostgresDecodable where Self: FixedWidthInteger {
    public init(postgres cell: CellView) throws {
        guard let wide = parseDecimal(try cell.required(Self.self)), let value = Self(exactly: wide) else {
            throw PostgresError(.decoding, "not a number that fits \(Self.self)")
        }
        self = value
    }
}

extension Int: PostgresCodable {}
extension Int16: PostgresCodable {}
extension Int32: PostgresCodable {}
extension Int64: PostgresCodable {}

extension Bool: PostgresCodable {
    public func appendPostgresText(to text: inout [UInt8]) -> Bool {
        text.append(UInt8(ascii: self ? "t" : "f"))
        return true
    }
    public static var postgresQuotesInArrays: Bool { false }

    public init(postgres cell: CellView) throws {
        switch try cell.required(Bool.self).first {
        case UInt8(ascii: "t"): self = true
        case UInt8(ascii: "f"): self = false
        default: throw PostgresError(.decoding, "not a boolean")
        }
    }
}

extension Double: PostgresCodable {
    public func appendPostgresText(to text: inout [UInt8]) -> Bool {
        let form = isNaN ? "NaN" : isInfinite ? (self < 0 ? "-Infinity" : "Infinity") : description
        text.append(contentsOf: form.utf8)
        return true
    }
    public static var postgresQuotesInArrays: Bool { false }

    public init(postgres cell: CellView) throws {
        let text = String(decoding: try cell.required(Double.self), as: UTF8.self)
        guard let value = Double(text) else { throw PostgresError(.decoding, "not a number that fits Double") }
        self = value
    }
}

func appendDecimal(_ value: Int64, to text: inout [UInt8]) {
    if value < 0 { text.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = text.count
    repeat {
        text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
        rest /= 10
    } while rest > 0
    text[start...].reverse()
}

/// Digits with a sign, straight out of libpq's memory; nil when it is anything else or too large.
func parseDecimal(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard let first = bytes.first else { return nil }
    let isNegative = first == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    guard index < bytes.count else { return nil }
    var value: Int64 = 0
    while index < bytes.count {
        guard let digit = bytes[index].digit else { return nil }
        let (tens, lost) = value.multipliedReportingOverflow(by: 10)
        // Counting downwards for negatives keeps Int64.min in range.
        let (sum, spilled) =
            isNegative
            ? tens.subtractingReportingOverflow(Int64(digit)) : tens.addingReportingOverflow(Int64(digit))
        guard !lost, !spilled else { return nil }
        value = sum
        index += 1
    }
    return value
}
