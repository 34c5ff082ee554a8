import Postgres

/// Reads the columns of a wide row one after the other.
struct RowFields {
    private let row: Row
    private var column = 0

    init(_ row: Row) { self.row = row }

    mutating func next<Value: PostgresDecodable>() throws -> Value {
        defer { column += 1 }
        return try row.decode(column)
    }
}
