import Foundation
import Logging
import Postgres
import Support
import Synchronization
import Testing

/// What clients were told, against what the table holds.
private final class Ledger: Sendable {
    struct Told { var done: Set<Int64> = [], unknown: Set<Int64> = [], refused: Set<Int64> = [] }
    let told = Mutex(Told())
    private let next = Mutex<Int64>(0)
    let isOver = Mutex(false)

    func take(_ count: Int64) -> [Int64] {
        next.withLock { next in
            defer { next += count }
            return Array(next..<(next + count))
        }
    }

    /// Each way to write in turn, until told to stop.
    func write(_ database: Database) async throws {
        var turn = 0
        while !isOver.withLock({ $0 }) {
            turn += 1
            let ids = take(turn % 3 == 0 ? 1 : 4)
            do {
                switch turn % 3 {
                case 0: try await database.query("INSERT INTO ledger SELECT unnest(\(ids)::bigint[])")
                case 1: try await database.batch(ids.map { "INSERT INTO ledger VALUES (\($0))" })
                default:
                    try await database.transaction { connection in
                        for id in ids { try await connection.query("INSERT INTO ledger VALUES (\(id))") }
                    }
                }
                told.withLock { $0.done.formUnion(ids) }
            } catch let error as PostgresError {
                #expect(error.isRetryable, "\(error)")
                told.withLock { told in
                    if error.outcomeUnknown { told.unknown.formUnion(ids) } else { told.refused.formUnion(ids) }
                }
            }
        }
    }

    func check(_ database: Database) async throws {
        let stored: [Int64] = try await database.query("SELECT id FROM ledger").column(0)
        let told = told.withLock { $0 }
        #expect(Set(stored).count == stored.count, "doubled")
        #expect(told.done.isSubset(of: stored), "lost: \(told.done.subtracting(stored).sorted().prefix(5))")
        #expect(told.refused.isDisjoint(with: stored), "reported as failed, but there")
        #expect(Set(stored).isSubset(of: told.done.union(told.unknown)))
        #expect(told.done.count > 50)
    }
}

@Suite("No result is lost or doubled")
struct LedgerTests {
    private func run(
        _ database: Database, _ ledger: Ledger, while disturb: @Sendable () async throws -> Void
    ) async throws {
        // No unique index: a doubled insert has to show.
        try await database.script("CREATE TABLE ledger (id bigint)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask { try await ledger.write(database) }
            }
            defer { ledger.isOver.withLock { $0 = true } }
            try await disturb()
            let before = ledger.told.withLock { $0.done.count }
            try await eventually("work goes on") { ledger.told.withLock { $0.done.count } > before + 50 }
            ledger.isOver.withLock { $0 = true }
            try await group.waitForAll()
        }
        try await ledger.check(database)
        await database.close()
    }

    private func progress(_ ledger: Ledger, _ count: Int) async throws {
        let before = ledger.told.withLock { $0.done.count }
        try await eventually("\(count) writes") { ledger.told.withLock { $0.done.count } >= before + count }
    }

    @Test func whenTheServerRestartsUnderLoad() async throws {
        let cluster = try await TestCluster.make(durable: true)
        let test = try await TestDatabase.make(migrated: false, on: cluster)
        let ledger = Ledger()
        try await run(test.open { $0.acquireTimeout = .seconds(60) }, ledger) {
            for stop in [TestCluster.Stop.fast, .immediate, .fast] {
                try await progress(ledger, 100)
                try await cluster.restart(stop)
            }
        }
        await cluster.halt()
    }

    @Test func whenBackendsAreTerminatedUnderLoad() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let ledger = Ledger()
        try await run(test.open(), ledger) {
            for _ in 0..<8 {
                try await progress(ledger, 50)
                try await test.terminateSessions()
            }
        }
    }

    @Test func whenTheWireIsCutAtEveryKindOfPlace() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let wire = try PostgresWire.start(before: test.cluster)
        let ledger = Ledger()
        let database = Database(DatabaseSettings(url: wire.url(database: test.name)), logger: .init(label: "test"))
        try await run(database, ledger) {
            for _ in 0..<10 {
                let before = ledger.told.withLock { $0.unknown.count }
                wire.cut(atCommit: 7, .replyLost)
                try await eventually("an answer is lost") { ledger.told.withLock { $0.unknown.count } > before }
                try await progress(ledger, 20)
                wire.cutCurrent()
            }
        }
    }
}
