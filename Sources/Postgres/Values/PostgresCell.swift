/// One bound value on its way to the server.
public struct PostgresCell: Sendable, Hashable {
    let bytes: [UInt8]
    /// Binary format is used for `bytea` only: there it is the bytes themselves.
    let isBinary: Bool

    public init(text: String) {
        bytes = Array(text.utf8)
        isBinary = false
    }

    init(bytes: [UInt8], isBinary: Bool = false) {
        self.bytes = bytes
        self.isBinary = isBinary
    }
}

/// One value of a row, where libpq keeps it: valid only inside the call that received it.
public struct CellView {
    /// The text form, nil for NULL.
    public let bytes: UnsafeBufferPointer<UInt8>?

    public init(_ bytes: UnsafeBufferPointer<UInt8>?) { self.bytes = bytes }

    /// The text form of a value that has to be there.
    public func required(_ type: Any.Type) throws -> UnsafeBufferPointer<UInt8> {
        guard let bytes else {
            throw PostgresError(.decoding, "NULL where \(type) was expected: ask for \(type)?")
        }
        return bytes
    }
}

/// A type that can be bound to a placeholder.
public protocol PostgresEncodable: Sendable {
    /// nil is NULL.
    var postgresCell: PostgresCell? { get }
    /// Appends the text form; false for NULL, and then nothing is appended.
    func appendPostgresText(to text: inout [UInt8]) -> Bool
    /// Whether the text form has to be quoted inside an array literal.
    static var postgresQuotesInArrays: Bool { get }
    /// Arrays of bytes are `bytea`, all others are arrays.
    static func postgresCell(array: [Self]) -> PostgresCell
}

/// A type that can be read from a column.
public protocol PostgresDecodable: Sendable {
    init(postgres cell: CellView) throws
    static func postgresArray(_ cell: CellView) throws -> [Self]
}

/// A type that can be bound and read: Bool, integers, Double, String (also jsonb, inet, enums), UUID, Date, [UInt8]
/// (bytea), arrays and optionals of them, and enums with such a raw value.
public typealias PostgresCodable = PostgresEncodable & PostgresDecodable

extension PostgresEncodable {
    public var postgresCell: PostgresCell? {
        var text: [UInt8] = []
        return appendPostgresText(to: &text) ? PostgresCell(bytes: text) : nil
    }

    public static var postgresQuotesInArrays: Bool { true }
}

extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    public func appendPostgresText(to text: inout [UInt8]) -> Bool { rawValue.appendPostgresText(to: &text) }
    public static var postgresQuotesInArrays: Bool { RawValue.postgresQuotesInArrays }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    public init(postgres cell: CellView) throws {
        let raw = try RawValue(postgres: cell)
        guard let value = Self(rawValue: raw) else {
            throw PostgresError(.decoding, "the database holds a value that \(Self.self) does not know")
        }
        self = value
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    public var postgresCell: PostgresCell? { self?.postgresCell }
    public func appendPostgresText(to text: inout [UInt8]) -> Bool { self?.appendPostgresText(to: &text) ?? false }
    public static var postgresQuotesInArrays: Bool { Wrapped.postgresQuotesInArrays }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    public init(postgres cell: CellView) throws {
        self = cell.bytes == nil ? nil : try Wrapped(postgres: cell)
    }
}
