import Foundation
import Postgres
import Support
import Testing

@Suite("Values go to the server and come back")
struct ValueTests {
    private enum Colour: String, PostgresCodable { case red, green }

    @Test func scalarsSurvive() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        func echo<Value: PostgresCodable & Equatable>(_ value: Value, _ type: String) async throws {
            let back: Value = try await database.query("SELECT \(value)::\(raw: type)").scalar()
            #expect(back == value, "\(type)")
        }
        for number in [Int64.min, -1, 0, 7, .max] { try await echo(number, "bigint") }
        try await echo(Int16(-3), "smallint")
        try await echo(true, "boolean")
        try await echo(false, "boolean")
        for number in [0.1, -1e300, .infinity, -.infinity] { try await echo(number, "float8") }
        for text in ["", "a'b\"c\\d", "ß→😀", "{1,2}", "NULL"] { try await echo(text, "text") }
        try await echo(UUID(), "uuid")
        try await echo([UInt8](0...255), "bytea")
        try await echo([UInt8](), "bytea")
        try await echo(Colour.green, "text")
        try await echo(String?.none, "text")
        try await echo(#"{"a": 1}"#, "jsonb")
        await database.close()
    }

    @Test func arraysSurvive() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        func echo<Value: PostgresCodable & Equatable>(_ value: Value, _ type: String) async throws {
            let back: Value = try await database.query("SELECT \(value)::\(raw: type)").scalar()
            #expect(back == value, "\(type)")
        }
        try await echo((0..<500).map { Int64($0) * -77_777_777 }, "bigint[]")
        try await echo([Int](), "int[]")
        try await echo(["", "NULL", "a,b", "{", "q\"uo\\te", " x ", "ü"], "text[]")
        try await echo([1, nil, 3] as [Int?], "int[]")
        try await echo(["a", nil] as [String?], "text[]")
        try await echo([[1, 2], [], [255]] as [[UInt8]], "bytea[]")
        try await echo([UUID(), UUID()], "uuid[]")
        try await echo([true, false], "boolean[]")
        let nested: String = try await database.query("SELECT \([[1, 2], [3, 4]])::int[]").scalar()
        #expect(nested == "{{1,2},{3,4}}")
        await database.close()
    }

    @Test func datesSurviveToTheMicrosecond() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        var seed = Seed()
        let moments =
            (0..<200).map { _ in
                Date(
                    timeIntervalSince1970: Double(
                        Int64.random(in: -5_000_000_000_000_000...5_000_000_000_000_000, using: &seed)) / 1e6)
            } + [Date(timeIntervalSince1970: 0), .distantFuture, .distantPast]
        let back: [Date] = try await database.query("SELECT unnest(\(moments)::timestamptz[])").column(0)
        for (one, other) in zip(moments, back) { #expect(abs(one.timeIntervalSince(other)) < 0.000_001) }
        #expect(back.count == moments.count)
        let epochs: [Double] = try await database.query(
            "SELECT extract(epoch from t)::float8 FROM unnest(\(Array(moments.prefix(200)))::timestamptz[]) t"
        ).column(0)
        for (one, epoch) in zip(moments, epochs) { #expect(abs(one.timeIntervalSince1970 - epoch) < 0.000_001) }
        let abroad = try await database.query("SELECT '2024-02-29 23:30:00+05:30'::timestamptz").scalar(as: Date.self)
        #expect(abroad.timeIntervalSince1970 == 1_709_229_600)
        let spans: [Double] = try await database.query(
            "SELECT extract(epoch from i)::float8 FROM unnest(\([Duration.milliseconds(-1500), .seconds(90_000), .microseconds(1)])::interval[]) i"
        ).column(0)
        #expect(spans == [-1.5, 90_000, 0.000_001])
        await database.close()
    }

    @Test func rowsDecodeByPositionAndName() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        let rows = try await database.query(
            "SELECT 1 AS \"Id\", 'a' AS name, NULL::int AS gone UNION ALL SELECT 2, 'b', 3")
        #expect(rows.columns == ["Id", "name", "gone"])
        let decoded = try rows.decode((Int, String, Int?).self)
        #expect(decoded.map(\.0) == [1, 2] && decoded.map(\.1) == ["a", "b"] && decoded.map(\.2) == [nil, 3])
        #expect(try rows[0].decode("Id", as: Int.self) == 1)
        #expect(throws: PostgresError.self) { try rows[0].decode("gone", as: Int.self) }
        #expect(throws: PostgresError.self) { try rows[0].decode("absent", as: Int.self) }
        #expect(throws: PostgresError.self) { try rows[0].decode(3, as: Int.self) }
        #expect(throws: PostgresError.self) { try rows[0].decode(1, as: Int.self) }
        #expect(throws: PostgresError.self) { try rows.scalar(as: Int.self) }
        await database.close()
    }

    @Test func textWithNULIsRefusedNotCut() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        let error = await #expect(throws: PostgresError.self) { try await database.query("SELECT \("a\0b")") }
        #expect(error?.kind == .encoding)
        await database.close()
    }
}
