import Support
import Testing

@testable import Reconcilers

/// A dump is read to its end: nothing may be missing, wherever it was cut.
@Suite struct DumpCensusTests {
    private func read(_ bytes: [UInt8], by size: Int = 1000) throws -> (entries: Int64, contentsBytes: Int64?) {
        var census = DumpCensus()
        var rest = bytes[...]
        while !rest.isEmpty {
            try census.take(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return (try census.entries(), census.contentsBytes)
    }

    @Test(arguments: [12, 14, 15, 16] as [UInt8]) func everyVersionIsReadInChunksOfAnySize(minor: UInt8) throws {
        for size in [1, 3, 100, 10_000] {
            let (entries, length) = try read(WrittenDump.bytes(minor: minor), by: size)
            #expect(entries == 7)
            #expect(length == Int64(WrittenDump.contents(minor: minor).count))
        }
    }

    @Test func aCutAnywhereIsFound() throws {
        let whole = WrittenDump.bytes()
        for cut in 0..<whole.count {
            #expect(throws: BackupFault.self, "cut at \(cut)") { try read(Array(whole.prefix(cut))) }
        }
    }

    @Test func blocksThatAreMissingOrTooManyAreFound() throws {
        let (table, objects) = (WrittenDump.table, WrittenDump.objects)
        for blocks in [[], [table], [objects], [table, objects, table], [[2] + table, objects]] {
            #expect(throws: BackupFault.self) { try read(WrittenDump.bytes(blocks: blocks)) }
        }
    }

    @Test func whatIsNoDumpIsRefused() throws {
        for bytes in [Array("PGDMPlain text".utf8), Array("-- PostgreSQL database dump".utf8), []] {
            #expect(throws: BackupFault.self) { try read(bytes) }
        }
        #expect(throws: BackupFault.self) { try read(WrittenDump.bytes(minor: 11)) }
    }
}
