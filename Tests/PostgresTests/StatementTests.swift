import Logging
import Postgres
import Support
import Testing

@Suite("Statements and transactions")
struct StatementTests {
    private func makeLedger() async throws -> Database {
        let database = try await TestDatabase.make(migrated: false).open()
        try await database.script(
            "CREATE TABLE ledger (id bigint PRIMARY KEY, parent bigint REFERENCES ledger DEFERRABLE INITIALLY DEFERRED)"
        )
        return database
    }

    private func ids(_ database: Database) async throws -> [Int64] {
        try await database.query("SELECT id FROM ledger ORDER BY id").column(0)
    }

    /// What is committed survives a crash of the server, whatever the database was set to; a pooler's sessions are not ours.
    @Test func commitsAreDurable() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let owner = test.open()
        try await owner.script("ALTER DATABASE \(test.name) SET synchronous_commit = off")
        for (isOwnSession, expected) in [(true, "on"), (false, "off")] {
            let database = test.open { $0.prepared = isOwnSession }
            #expect(try await database.query("SHOW synchronous_commit").scalar(as: String.self) == expected)
            await database.close()
        }
        await owner.close()
        try await test.drop()
    }

    @Test func aBatchIsAllOrNothing() async throws {
        let database = try await makeLedger()
        let results = try await database.batch([
            "INSERT INTO ledger VALUES (1), (2)", "UPDATE ledger SET parent = 1", "SELECT count(*) FROM ledger",
        ])
        #expect(results.map(\.affected) == [2, 2, 1])
        #expect(try results[2].scalar(as: Int.self) == 2)
        let error = await #expect(throws: PostgresError.self) {
            try await database.batch([
                "INSERT INTO ledger VALUES (3)", "INSERT INTO ledger VALUES (1)", "INSERT INTO ledger VALUES (4)",
            ])
        }
        #expect(error?.sqlState == "23505" && error?.constraint == "ledger_pkey" && error?.table == "ledger")
        #expect(error?.outcomeUnknown == false && error?.isRetryable == false)
        #expect(try await ids(database) == [1, 2])
        await database.close()
    }

    @Test func anErrorOfTheCommitItselfIsSeen() async throws {
        let database = try await makeLedger()
        let early = await #expect(throws: PostgresError.self) {
            try await database.query("INSERT INTO ledger VALUES (1, 99)")
        }
        #expect(early?.sqlState == "23503")
        let late = await #expect(throws: PostgresError.self) {
            try await database.batch(["SELECT 1", "INSERT INTO ledger VALUES (1, 99)"])
        }
        #expect(late?.sqlState == "23503")
        let explicit = await #expect(throws: PostgresError.self) {
            try await database.transaction { try await $0.query("INSERT INTO ledger VALUES (1, 99)") }
        }
        #expect(explicit?.sqlState == "23503")
        #expect(try await ids(database) == [])
        await database.close()
    }

    @Test func aTransactionCommitsOrRollsBack() async throws {
        let database = try await makeLedger()
        try await database.transaction { connection in
            try await connection.query("INSERT INTO ledger VALUES (1)")
            #expect(try await self.ids(database) == [])
            try await connection.batch(["INSERT INTO ledger VALUES (2)", "INSERT INTO ledger VALUES (3)"])
        }
        struct Change: Error {}
        await #expect(throws: Change.self) {
            try await database.transaction { connection in
                try await connection.query("INSERT INTO ledger VALUES (4)")
                throw Change()
            }
        }
        try await database.transaction { _ in }
        #expect(try await ids(database) == [1, 2, 3])
        await database.close()
    }

    @Test func aSwallowedErrorDoesNotLookLikeACommit() async throws {
        let database = try await makeLedger()
        let error = await #expect(throws: PostgresError.self) {
            try await database.transaction { connection in
                try await connection.query("INSERT INTO ledger VALUES (1)")
                _ = try? await connection.query("SELECT 1/0")
            }
        }
        #expect(error?.sqlState == "25P02")
        #expect(try await ids(database) == [])
        await database.close()
    }

    @Test func aTransactionThatIsLeftOpenIsRolledBack() async throws {
        let database = try await makeLedger()
        try await database.withConnection { try await $0.script("BEGIN; INSERT INTO ledger VALUES (1)") }
        #expect(try await ids(database) == [])
        await database.close()
    }

    @Test func aConnectionIsOfNoUseAfterItsClosure() async throws {
        let database = try await makeLedger()
        let kept = try await database.withConnection { $0 }
        let error = await #expect(throws: PostgresError.self) { try await kept.query("SELECT 1") }
        #expect(error?.kind == .closed)
        await database.close()
    }

    @Test func statementsOfOneConnectionQueueUp() async throws {
        let database = try await makeLedger()
        let values = try await database.withConnection { connection in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<50 {
                    group.addTask { try await connection.query("SELECT \(number)::int").scalar() }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
        }
        #expect(values == Set(0..<50))
        await database.close()
    }

    @Test func cachedPlansFollowTheSchema() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open { $0.maxConnections = 1 }
        try await database.script("CREATE TABLE shape (a int); INSERT INTO shape VALUES (1)")
        for column in ["b", "c"] {
            #expect(try await database.query("SELECT * FROM shape").count == 1)
            try await database.script("ALTER TABLE shape ADD COLUMN \(column) int")
            #expect(try await database.query("SELECT * FROM shape").columns.last == column)
        }
        try await database.script("ALTER TABLE shape ADD COLUMN d int")
        let inside = try await database.transaction { try await $0.query("SELECT * FROM shape").columns }
        #expect(inside.last == "d")
        try await database.script("DEALLOCATE ALL")
        #expect(try await database.batch(["SELECT 1", "SELECT * FROM shape"]).count == 2)
        await database.close()
    }

    @Test func theStatementCacheIsBounded() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open {
            $0.maxConnections = 1
            $0.statementCacheCapacity = 5
        }
        for number in 0..<40 { try await database.query("SELECT \(raw: "\(number % 13)")") }
        let count = try await database.query("SELECT count(*) FROM pg_prepared_statements").scalar(as: Int.self)
        #expect(count <= 5)
        await database.close()
    }

    @Test func withoutPreparedStatementsTheServerKeepsNothing() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open {
            $0.prepared = false
            $0.maxConnections = 1
        }
        try await database.batch(["SELECT \(1)::int", "SELECT \("a")::text"])
        #expect(try await database.query("SELECT count(*) FROM pg_prepared_statements").scalar(as: Int.self) == 0)
        await database.close()
    }

    @Test func copyWritesAllOrNothing() async throws {
        let database = try await makeLedger()
        let lines = (1...20_000).lazy.map { Array("\($0)\t\\N\n".utf8) }
        #expect(try await database.copyIn("COPY ledger FROM STDIN", lines) == 20_000)
        let bad = [Array("30001\t\\N\n".utf8), Array("x\t\\N\n".utf8)]
        let error = await #expect(throws: PostgresError.self) {
            try await database.copyIn("COPY ledger FROM STDIN", bad)
        }
        #expect(error?.sqlState == "22P02")
        await #expect(throws: PostgresError.self) { try await database.copyIn("SELECT 1", bad) }
        #expect(try await database.query("SELECT count(*) FROM ledger").scalar(as: Int.self) == 20_000)
        await database.close()
    }

    @Test func errorsDoNotShowValues() async throws {
        let database = try await makeLedger()
        let secret = "s3cret-value"
        let error = await #expect(throws: PostgresError.self) { try await database.query("SELECT \(secret)::int") }
        #expect(error?.sqlState == "22P02" && error?.description.contains(secret) == false)
        await database.close()
    }
}
