import Foundation
import Postgres
import Support
import Testing

/// Records live in daily partitions that come ahead of time and go after their retention.
@Suite struct PartitionTests {
    private func days(_ owner: Database, of parent: String) async throws -> [String] {
        try await owner.query(
            """
            select right(c.relname, 8) from pg_inherits join pg_class c on c.oid = inhrelid
            where inhparent = \("converged." + parent)::regclass and c.relname ~ '_[0-9]{8}$' order by 1
            """
        ).map { try $0.decode(0, as: String.self) }
    }

    @Test func partitionsAreMadeAheadAndDroppedAfterRetention() async throws {
        let made = try await TestDatabase.make()
        let owner = made.open()
        #expect(try await days(owner, of: "events").count == 8, "today and a week ahead")
        try await owner.query(
            "insert into converged.events (kind, key, actor, reason) values ('machine', 'x', 'test', 'Old')")
        try await moveClock(of: owner, by: .seconds(60 * 86_400))
        try await owner.query("select converged.keep_partitions()")
        #expect(
            try await owner.query("select 1 from converged.events where reason = 'Old'").count == 1, "60 of 90 days")
        #expect(try await days(owner, of: "job_history").count == 8, "two weeks are over: only what lies ahead")
        try await moveClock(of: owner, by: .seconds(40 * 86_400))
        try await owner.query("select converged.keep_partitions()")
        #expect(try await owner.query("select 1 from converged.events where reason = 'Old'").isEmpty, "100 of 90 days")
        await owner.close()
        try await made.drop()
    }

    @Test func anInsertBeyondThePartitionsIsKept() async throws {
        let made = try await TestDatabase.make()
        let owner = made.open()
        try await moveClock(of: owner, by: .seconds(30 * 86_400))
        try await owner.query(
            "insert into converged.events (kind, key, actor, reason) values ('machine', 'x', 'test', 'Late')")
        try await owner.query("select converged.keep_partitions()")
        #expect(try await owner.query("select 1 from converged.events where reason = 'Late'").count == 1)
        #expect(try await owner.query("select 1 from converged.events_default").count == 1)
        await owner.close()
        try await made.drop()
    }

    /// Writers go on while partitions are due and somebody reads for long; the partitions come when the reader is gone.
    @Test func aLongReaderMakesNobodyWait() async throws {
        let made = try await TestDatabase.make()
        let owner = made.open()
        let writers = made.open { $0.lockTimeout = .seconds(2) }
        try await moveClock(of: owner, by: .seconds(30 * 86_400))
        try await owner.transaction { reader in
            try await reader.query("select count(*) from converged.job_history")
            async let upkeep: Void = {
                for _ in 0..<5 { try await owner.query("select converged.keep_partitions()") }
            }()
            for number in 0..<50 {
                try await writers.query(
                    """
                    insert into converged.job_history (job, kind, queue, outcome, attempts, created_at, started_at, finished_at)
                    values (\(number), 'k', 'k', 'settled', 1, now(), now(), now())
                    """)
            }
            try await upkeep
            #expect(try await days(owner, of: "job_history").count == 8, "neither made nor dropped while it is read")
            #expect(try await days(owner, of: "events").count == 16, "the others are kept all the same")
        }
        try await owner.query("select converged.keep_partitions()")
        let parts = try await days(owner, of: "job_history")
        #expect(parts.count == 8, "the old ones are gone, the new ones are there: \(parts)")
        let today: String = try await owner.query(
            "select to_char(converged.now() at time zone 'UTC', 'YYYYMMDD')"
        ).scalar()
        #expect(parts.first == today)
        await writers.close()
        await owner.close()
        try await made.drop()
    }
}
