/// A small dump as pg_dump writes it to a pipe: integers of a sign and four bytes, offsets of eight that nobody fills in.
public enum WrittenDump {
    public static let entries = 7

    /// Seven entries; one is a table with data, one the large objects.
    /// - Parameter minor: of the archive's version: 14 is PostgreSQL 12 to 15, 15 is 16, 16 is 17 and later.
    public static func bytes(minor: UInt8 = 15, blocks: [[UInt8]] = [table, objects]) -> [UInt8] {
        contents(minor: minor) + blocks.flatMap(\.self)
    }

    public static func contents(minor: UInt8 = 15) -> [UInt8] {
        let head = Array("PGDMP".utf8) + [1, minor, 0, 4, 8, 1] + (minor >= 15 ? [0] : integer(-1))
        let time = [13, 5, 2, 21, 10, 126, 0].flatMap { integer($0) }
        let names = text("default") + text("16.4") + text("16.4")
        let all = (1...entries).flatMap { entry($0, minor, hasData: $0 == 3 || $0 == 5) }
        return head + time + names + integer(entries) + all
    }

    public static let table =
        [1] + integer(3) + integer(300) + [UInt8](repeating: 0, count: 300) + integer(2) + [9, 9] + integer(0)
    public static let objects =
        [3] + integer(5) + integer(16_400) + integer(4) + [1, 2, 3, 4] + integer(0) + integer(16_401) + integer(0)
        + integer(0)

    private static func entry(_ number: Int, _ minor: UInt8, hasData: Bool) -> [UInt8] {
        let about =
            integer(number) + integer(hasData ? 1 : 0) + text("1259") + text("16385") + text("person") + text("TABLE")
        let made = integer(2) + text("CREATE TABLE ") + text("") + text(nil) + text("public") + text("")
        let newer = (minor >= 14 ? text("heap") : []) + (minor >= 16 ? integer(114) : [])
        let needs = number == 1 ? [] : text("1") + text("2")
        return about + made + newer + text("postgres") + text("false") + needs + text(nil)
            + [hasData ? 1 : 3] + [UInt8](repeating: 0, count: 8)
    }

    private static func integer(_ value: Int) -> [UInt8] {
        let size = value.magnitude
        return [value < 0 ? 1 : 0] + (0..<4).map { UInt8(size >> ($0 * 8) & 255) }
    }

    private static func text(_ value: String?) -> [UInt8] {
        value.map { integer($0.utf8.count) + Array($0.utf8) } ?? integer(-1)
    }
}
