import FoundationEssentials

extension String: PostgresCodable {
    public var postgresCell: PostgresCell? { PostgresCell(text: self) }

    public func appendPostgresText(to text: inout [UInt8]) -> Bool {
        text.append(contentsOf: utf8)
        return true
    }

    public init(postgres cell: CellView) throws {
        self = String(decoding: try cell.required(String.self), as: UTF8.self)
    }
}

extension UUID: PostgresCodable {
    public func appendPostgresText(to text: inout [UInt8]) -> Bool {
        withUnsafeBytes(of: uuid) { bytes in
            for (index, byte) in bytes.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
                text.appendHex(byte)
            }
        }
        return true
    }
    public static var postgresQuotesInArrays: Bool { false }

    public init(postgres cell: CellView) throws {
        let text = try cell.required(UUID.self)
        var value = nullUUID
        let isComplete = withUnsafeMutableBytes(of: &value) { bytes in
            var filled = 0
            var high: UInt8?
            for byte in text where byte != UInt8(ascii: "-") {
                guard let nibble = byte.hexDigit, filled < 16 else { return false }
                if let first = high {
                    bytes[filled] = first << 4 | nibble
                    filled += 1
                    high = nil
                } else {
                    high = nibble
                }
            }
            return filled == 16 && high == nil
        }
        guard isComplete else { throw PostgresError(.decoding, "not a UUID") }
        self = UUID(uuid: value)
    }
}

private let nullUUID: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

extension [UInt8] {
    mutating func appendHex(_ byte: UInt8) {
        for nibble in [byte >> 4, byte & 15] {
            append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}

extension UInt8 {
    var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
