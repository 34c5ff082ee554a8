extension Array: PostgresEncodable where Element: PostgresEncodable {
    public var postgresCell: PostgresCell? { Element.postgresCell(array: self) }

    public func appendPostgresText(to text: inout [UInt8]) -> Bool {
        let cell = Element.postgresCell(array: self)
        if cell.isBinary {
            text.append(contentsOf: [UInt8]("\\x".utf8))
            for byte in cell.bytes { text.appendHex(byte) }
        } else {
            text.append(contentsOf: cell.bytes)
        }
        return true
    }

    /// `{{1,2},{3,4}}` nests bare, `{"\\x00ff"}` is text.
    public static var postgresQuotesInArrays: Bool { Element.self == UInt8.self }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    public init(postgres cell: CellView) throws { self = try Element.postgresArray(cell) }
}

extension PostgresEncodable {
    public static func postgresCell(array: [Self]) -> PostgresCell {
        var text: [UInt8] = []
        text.reserveCapacity(array.count * 8 + 2)
        text.append(UInt8(ascii: "{"))
        var element: [UInt8] = []
        for (index, value) in array.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            if postgresQuotesInArrays {
                element.removeAll(keepingCapacity: true)
                if value.appendPostgresText(to: &element) {
                    text.appendQuoted(element)
                    continue
                }
            } else if value.appendPostgresText(to: &text) {
                continue
            }
            text.append(contentsOf: [UInt8]("NULL".utf8))
        }
        text.append(UInt8(ascii: "}"))
        return PostgresCell(bytes: text)
    }
}

extension [UInt8] {
    fileprivate mutating func appendQuoted(_ element: [UInt8]) {
        append(UInt8(ascii: "\""))
        for byte in element {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append(UInt8(ascii: "\\")) }
            append(byte)
        }
        append(UInt8(ascii: "\""))
    }
}

extension PostgresDecodable {
    /// One-dimensional arrays: `{1,NULL,"a \"quoted\" one"}`.
    public static func postgresArray(_ cell: CellView) throws -> [Self] {
        let text = try cell.required([Self].self)
        guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}") else {
            throw PostgresError(.decoding, "not a one-dimensional array")
        }
        var values: [Self] = []
        var index = 1
        var element: [UInt8] = []
        while index < text.count - 1 {
            element.removeAll(keepingCapacity: true)
            let isQuoted = text[index] == UInt8(ascii: "\"")
            if isQuoted { index += 1 }
            while index < text.count - 1, text[index] != (isQuoted ? UInt8(ascii: "\"") : UInt8(ascii: ",")) {
                if text[index] == UInt8(ascii: "\\") { index += 1 }
                element.append(text[index])
                index += 1
            }
            if isQuoted { index += 1 }
            index += 1
            let isNull = !isQuoted && element == [UInt8]("NULL".utf8)
            values.append(
                try element.withUnsafeBufferPointer { try Self(postgres: CellView(isNull ? nil : $0)) })
        }
        return values
    }
}

/// `[UInt8]` is `bytea`. A single byte has no use as a value; it is written as a number.
extension UInt8: PostgresCodable {
    public static func postgresCell(array: [UInt8]) -> PostgresCell { PostgresCell(bytes: array, isBinary: true) }

    public static func postgresArray(_ cell: CellView) throws -> [UInt8] {
        let text = try cell.required([UInt8].self)
        guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x") else {
            throw PostgresError(.decoding, "not a bytea in hex form")
        }
        return try stride(from: 2, to: text.count, by: 2).map { index in
            guard let high = text[index].hexDigit, let low = text[index + 1].hexDigit else {
                throw PostgresError(.decoding, "not a bytea in hex form")
            }
            return high << 4 | low
        }
    }
}
