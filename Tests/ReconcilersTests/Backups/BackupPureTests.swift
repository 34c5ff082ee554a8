import Foundation
import Postgres
import Support
import Testing

@testable import Reconcilers

/// What is read of a back-up while it passes, and what is due when.
@Suite struct BackupPureTests {
    private func entries(_ census: any BackupCensus, _ bytes: [UInt8], by size: Int = 1000) throws -> Int64 {
        var census = census
        var rest = bytes[...]
        while !rest.isEmpty {
            try census.take(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return try census.entries()
    }

    private func archive(_ format: String) async throws -> [UInt8] {
        let folder = try TemporaryFolder.make("tar")
        defer { TemporaryFolder.remove(folder) }
        let deep = folder + "/data/" + String(repeating: "long-name/", count: 15)
        try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
        try Data(repeating: 7, count: 100_000).write(to: URL(fileURLWithPath: deep + "/large"))
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/data/openclaw.json"))
        try FileManager.default.createSymbolicLink(atPath: folder + "/data/link", withDestinationPath: "large")
        try await Command.check(["tar", "--format", format, "-C", folder, "-cf", folder + "/a.tar", "data"])
        return Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/a.tar")))
    }

    @Test(arguments: ["ustar", "gnu", "pax"]) func archivesAreReadInChunksOfAnySize(format: String) async throws {
        let bytes = try await archive(format)
        for size in [1, 511, 512, 513, 70_000] {
            #expect(try entries(TarCensus(), bytes, by: size) == 19)
        }
        var census = TarCensus()
        try census.take(bytes)
        #expect(census.top == "data")
        let end = bytes.lastIndex { $0 != 0 } ?? 0
        for cut in [0, 100, 512, 5000, end] {
            #expect(throws: BackupFault.self) { try entries(TarCensus(), Array(bytes.prefix(cut))) }
        }
        var damaged = bytes
        damaged[20] ^= 1
        #expect(throws: BackupFault.self) { try entries(TarCensus(), damaged) }
    }

    private func rows(_ ages: [(state: String, days: Double)], exists: Bool = true) -> BackupRows {
        var rows = BackupRows(kind: "pa", key: UUID())
        rows.now = Date(timeIntervalSince1970: 1_800_000_000)
        if exists { rows.object = BackupObject(name: "ada", container: "pa-ada", format: .tar) }
        rows.records = ages.enumerated().map { index, age in
            BackupRecord(
                id: Int64(index), state: age.state, format: .tar, file: "f\(index)",
                startedAt: rows.now.addingTimeInterval(-age.days * 86_400))
        }
        return rows
    }

    private func decide(_ ages: [(state: String, days: Double)], exists: Bool = true) -> BackupDecision {
        BackupDecision(rows(ages, exists: exists), BackupSettings(directory: "/b"))
    }

    @Test func aBackUpIsDueADayAfterTheLastGoodOne() {
        #expect(decide([]).step == .backUp(isWished: false))
        #expect(decide([("good", 0.5)]).step == .rest)
        #expect(decide([("good", 0.95)]).step == .backUp(isWished: false))
        #expect(decide([("good", 2), ("failed", 0.1), ("lost", 0.1)]).step == .backUp(isWished: false))
        #expect(decide([("good", 0.1), ("wanted", 0)]).step == .backUp(isWished: true))
        #expect(decide([("good", 3)], exists: false).step == .rest)
        #expect(decide([("good", 0.5)]).next(unit: 1) == .seconds(43_200))
        #expect(decide([("good", 0.5)]).next(unit: 0) == .seconds(34_560))
        #expect(decide([], exists: false).next(unit: 0) == nil)
    }

    @Test func theNewestGoodOneOfWhatExistsNeverExpires() {
        func expired(_ decision: BackupDecision) -> [Int64] { decision.expired.map(\.id) }
        #expect(expired(decide([("good", 40), ("good", 20), ("failed", 1)])) == [0])
        #expect(expired(decide([("good", 40), ("good", 20)], exists: false)) == [0, 1])
        #expect(expired(decide([("good", 40), ("good", 1), ("lost", 15), ("running", 30)])) == [0, 2])
        #expect(expired(decide(Array(repeating: ("failed", 0.1), count: 7))) == [0, 1])
        var read = rows([("good", 40), ("good", 1)])
        read.needed = [0]
        #expect(BackupDecision(read, BackupSettings(directory: "/b")).expired.isEmpty)
    }
}
