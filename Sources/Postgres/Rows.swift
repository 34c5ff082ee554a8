import CPostgres

/// Owns a `PGresult`. It never changes after libpq has handed it out, so any thread may read it.
final class ResultMemory: @unchecked Sendable {
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { PQclear(pointer) }
}

/// The rows of one statement, read in place from libpq's memory.
public struct Rows: RandomAccessCollection, Sendable {
    let result: ResultMemory
    public let endIndex: Int
    /// Rows that INSERT, UPDATE, DELETE, MERGE, COPY wrote or SELECT returned.
    public let affected: Int

    init(_ result: ResultMemory) {
        self.result = result
        endIndex = Int(PQntuples(result.pointer))
        affected = PQcmdTuples(result.pointer).flatMap { Int(String(cString: $0)) } ?? 0
    }

    public var startIndex: Int { 0 }
    public subscript(index: Int) -> Row {
        precondition(index >= 0 && index < endIndex, "row \(index) of \(endIndex)")
        return Row(result: result, index: Int32(index))
    }

    public var columns: [String] {
        (0..<PQnfields(result.pointer)).map { String(cString: PQfname(result.pointer, $0)) }
    }

    /// `SELECT`, `ROLLBACK`, …
    var tag: String { String(cString: PQcmdStatus(result.pointer)) }

    /// Every row by position: `rows.decode((Int64, String?).self)`.
    public func decode<each T: PostgresDecodable>(_ types: (repeat each T).Type) throws -> [(repeat each T)] {
        try map { try $0.decode(types) }
    }

    /// One whole column, the cheapest way to read many values.
    public func column<T: PostgresDecodable>(_ column: Int, as type: T.Type = T.self) throws -> [T] {
        try map { try $0.decode(column) }
    }

    /// The first column of the only row, as `select count(*)` answers.
    public func scalar<T: PostgresDecodable>(as type: T.Type = T.self) throws -> T {
        guard count == 1 else { throw PostgresError(.decoding, "\(count) rows where exactly one was expected") }
        return try self[0].decode(0)
    }
}

/// One row; keeps the whole result alive.
public struct Row: Sendable {
    let result: ResultMemory
    let index: Int32

    /// All columns by position: `let (id, name) = try row.decode((Int64, String?).self)`.
    public func decode<each T: PostgresDecodable>(_ types: (repeat each T).Type) throws -> (repeat each T) {
        var column = 0
        func next<U: PostgresDecodable>(_: U.Type) throws -> U {
            defer { column += 1 }
            return try decode(column)
        }
        return (repeat try next((each T).self))
    }

    /// One column by position.
    public func decode<T: PostgresDecodable>(_ column: Int, as type: T.Type = T.self) throws -> T {
        let field = Int32(column)
        guard column >= 0, field < PQnfields(result.pointer) else {
            throw PostgresError(.decoding, "no column \(column): the statement returned \(PQnfields(result.pointer))")
        }
        do {
            return try T(postgres: cell(field))
        } catch var error as PostgresError {
            error.column = String(cString: PQfname(result.pointer, field))
            throw error
        }
    }

    /// One column by name.
    public func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws -> T {
        let field = PQfnumber(result.pointer, quoteIdentifier(column))
        guard field >= 0 else { throw PostgresError(.decoding, "the statement returned no column \(column)") }
        return try decode(Int(field))
    }

    private func cell(_ field: Int32) -> CellView {
        if PQgetisnull(result.pointer, index, field) != 0 { return CellView(nil) }
        let count = Int(PQgetlength(result.pointer, index, field))
        return PQgetvalue(result.pointer, index, field).withMemoryRebound(to: UInt8.self, capacity: count) {
            CellView(UnsafeBufferPointer(start: $0, count: count))
        }
    }
}
