/// Reads the head of a `pg_dump -Fc` file: mark, version, format, and how many entries its table of contents announces
/// (PostgreSQL's pg_backup_archiver.c, ReadHead). That it is all there is pg_dump's own word, its exit code; only
/// `pg_restore` reads the rest, at a restore and in one transaction.
struct DumpCensus: BackupCensus {
    private static let longestHead = 64 << 10

    private var head: [UInt8] = []

    mutating func take(_ chunk: [UInt8]) {
        if head.count < Self.longestHead { head += chunk.prefix(Self.longestHead - head.count) }
    }

    func entries() throws -> Int64 {
        var reader = Reader(rest: head[...])
        guard try reader.bytes(5).elementsEqual("PGDMP".utf8) else {
            throw BackupFault("that is no dump of pg_dump in its custom format")
        }
        let version = try reader.bytes(3)
        let (major, minor) = (version[version.startIndex], version[version.startIndex + 1])
        reader.integerBytes = Int(try reader.byte())
        _ = try reader.byte()  // size of offsets
        guard (1...8).contains(reader.integerBytes), major == 1, minor >= 12, try reader.byte() == 1 else {
            throw BackupFault("a dump of archive version \(major).\(minor) in another format than custom")
        }
        // Compression: an algorithm since 1.15, a level before.
        if minor >= 15 { _ = try reader.byte() } else { _ = try reader.integer() }
        for _ in 0..<7 { _ = try reader.integer() }  // when it was made
        for _ in 0..<3 { try reader.skipText() }  // database, versions of server and pg_dump
        let count = try reader.integer()
        guard count > 0 else { throw BackupFault("the dump is empty") }
        return Int64(count)
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        var integerBytes = 4

        mutating func bytes(_ count: Int) throws -> ArraySlice<UInt8> {
            guard rest.count >= count else { throw BackupFault("the dump breaks off in its head") }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }

        mutating func byte() throws -> UInt8 { try bytes(1).first ?? 0 }

        /// A sign, then the lowest byte first.
        mutating func integer() throws -> Int {
            let isNegative = try byte() != 0
            let value = try bytes(integerBytes).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard value <= UInt64(Int32.max) else { throw BackupFault("the head of the dump is damaged") }
            return isNegative ? -Int(value) : Int(value)
        }

        mutating func skipText() throws {
            let length = try integer()
            if length > 0 { _ = try bytes(length) }
        }
    }
}
