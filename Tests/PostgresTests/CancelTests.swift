import Postgres
import Support
import Testing

@Suite("Cancelling and time-outs")
struct CancelTests {
    private func isSleeping(_ database: Database) async throws -> Bool {
        try await database.query(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()"
        ).scalar(as: Int.self) > 0
    }

    @Test func aCancelledTaskStopsTheServer() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open { $0.maxConnections = 1 }
        let watcher = test.open()
        let task = Task { try await database.query("SELECT pg_sleep(600)") }
        try await eventually("the statement runs") { try await isSleeping(watcher) }
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .cancelled && error?.sqlState == "57014" && error?.outcomeUnknown == false)
        #expect(try await !isSleeping(watcher))
        #expect(try await database.query("SELECT 1").scalar(as: Int.self) == 1)
        await database.close()
        await watcher.close()
    }

    @Test func aWaiterInTheLineCanGo() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open { $0.maxConnections = 1 }
        try await database.withConnection { _ in
            let waiting = Task { try await database.query("SELECT 1") }
            waiting.cancel()
            let error = await #expect(throws: PostgresError.self) { try await waiting.value }
            #expect(error?.kind == .cancelled)
        }
        #expect(try await database.query("SELECT 1").scalar(as: Int.self) == 1)
        await database.close()
    }

    @Test func aCancelledTransactionIsRolledBack() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open { $0.maxConnections = 2 }
        try await database.script("CREATE TABLE ledger (id int)")
        let task = Task {
            try await database.transaction { connection in
                try await connection.query("INSERT INTO ledger VALUES (1)")
                try await connection.query("SELECT pg_sleep(600)")
            }
        }
        let watcher = test.open()
        try await eventually("the statement runs") { try await isSleeping(watcher) }
        task.cancel()
        await #expect(throws: PostgresError.self) { try await task.value }
        #expect(try await database.query("SELECT count(*) FROM ledger").scalar(as: Int.self) == 0)
        await watcher.close()
        await database.close()
    }

    @Test func anotherTaskCanCancelAConnection() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open()
        let error = await #expect(throws: PostgresError.self) {
            try await database.withConnection { connection in
                async let sleeping = connection.query("SELECT pg_sleep(600)")
                try await eventually("the statement runs") { try await isSleeping(database) }
                await connection.cancel()
                _ = try await sleeping
            }
        }
        #expect(error?.kind == .cancelled)
        await database.close()
    }

    @Test func theStatementTimeoutIsAnErrorOfItsOwn() async throws {
        let test = try await TestDatabase.make(migrated: false)
        for prepared in [true, false] {
            let database = test.open {
                $0.statementTimeout = .milliseconds(100)
                $0.cancelGrace = .seconds(20)
                $0.prepared = prepared
            }
            let error = await #expect(throws: PostgresError.self) { try await database.query("SELECT pg_sleep(600)") }
            #expect(
                error?.kind == .timeout && error?.sqlState == "57014" && error?.isRetryable == true,
                "\(String(describing: error)) \(prepared)")
            #expect(error?.outcomeUnknown == false)
            await database.close()
        }
    }

    @Test func aFullLineRefusesAndASlowOneGivesUp() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open {
            $0.maxConnections = 1
            $0.maxWaiters = 1
            $0.acquireTimeout = .seconds(3)
        }
        try await database.withConnection { _ in
            let waiters = (0..<2).map { _ in Task { try await database.query("SELECT 1") } }
            for waiter in waiters {
                let error = await #expect(throws: PostgresError.self) { try await waiter.value }
                #expect(error?.kind == .poolExhausted)
            }
        }
        await database.close()
        await database.close()
        let error = await #expect(throws: PostgresError.self) { try await database.query("SELECT 1") }
        #expect(error?.kind == .closed)
    }
}
