import Postgres
import Support
import Testing

@Suite("SQL text binds its values")
struct SQLTests {
    @Test func interpolationBinds() {
        let name: String? = nil
        let sql: SQL = "SELECT \(1), \(name) FROM \(raw: "jobs")"
        #expect(sql.text == "SELECT $1, $2 FROM jobs")
        #expect(sql.values.count == 2 && sql.values[1] == nil)
    }

    @Test func partsAreRenumbered() {
        var sql: SQL = "SELECT 1 WHERE a = \(1)"
        let part: SQL = " AND b = \(2) AND c = '$1' AND d = \(3)"
        sql.append(part)
        #expect(sql.text == "SELECT 1 WHERE a = $1 AND b = $2 AND c = '$1' AND d = $3")
        let numbered = SQL(" AND (e = $1 OR f = $1) AND g = '$1'", bind: [4.postgresCell])
        let whole: SQL = "\(sql)\(numbered) LIMIT \(5)"
        #expect(whole.text.hasSuffix(" AND (e = $4 OR f = $4) AND g = '$1' LIMIT $5"))
        #expect(whole.values.count == 5)
    }

    @Test func hostileTextStaysAValue() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        let hostile = "'; DROP TABLE x; --"
        #expect(try await database.query("SELECT \(hostile)::text").scalar(as: String.self) == hostile)
        await database.close()
    }
}
