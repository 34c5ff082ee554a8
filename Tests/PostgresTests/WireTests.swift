import Foundation
import Logging
import Postgres
import Support
import Synchronization
import Testing

@Suite("Broken networks")
struct WireTests {
    private func open(_ url: String, _ adjust: (inout DatabaseSettings) -> Void = { _ in }) -> Database {
        var settings = DatabaseSettings(url: url)
        adjust(&settings)
        return Database(settings, logger: Logger(label: "test"))
    }

    @Test func aHalfOpenConnectionIsGivenUp() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let wire = try PostgresWire.start(before: test.cluster)
        let database = open(wire.url(database: test.name)) {
            $0.maxConnections = 1
            $0.statementTimeout = .milliseconds(200)
            $0.cancelGrace = .milliseconds(200)
        }
        try await database.script("CREATE TABLE ledger (id int)")
        wire.swallow(true)
        let error = await #expect(throws: PostgresError.self) {
            try await database.query("INSERT INTO ledger VALUES (1)")
        }
        #expect(error?.kind == .timeout && error?.outcomeUnknown == true && error?.isRetryable == true)
        wire.swallow(false)
        try await eventually("it works again") { (try? await database.ping()) != nil }
        #expect(try await database.query("SELECT count(*) FROM ledger").scalar(as: Int.self) == 0)
        await database.close()
    }

    @Test func aDeadHostIsPassedOver() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let empty = try TemporaryFolder.make("converged-dead")
        let database = open(
            "host=\(empty),\(test.cluster.folder) port=5432,5432 dbname=\(test.name) user=postgres target_session_attrs=read-write"
        )
        #expect(try await database.ping() > .zero)
        await database.close()
    }

    @Test func aStandbyIsPassedOverForThePrimary() async throws {
        let test = try await TestDatabase.make(migrated: false)
        try await test.cluster.readOnly(test.name, true)
        let url = test.url + "&target_session_attrs=read-write"
        let database = open(url) { $0.acquireTimeout = .seconds(2) }
        let error = await #expect(throws: PostgresError.self) { try await database.ping() }
        #expect(error?.kind == .connection)
        try await test.cluster.readOnly(test.name, false)
        try await eventually("the primary is found") { (try? await database.ping()) != nil }
        await database.close()
    }

    @Test func anUnreachableDatabaseSaysWhy() async throws {
        let empty = try TemporaryFolder.make("converged-dead")
        let database = open("host=\(empty) user=postgres password=s3cret") { $0.acquireTimeout = .milliseconds(500) }
        try await eventually("the error names the socket") {
            let error = await #expect(throws: PostgresError.self) { try await database.ping() }
            #expect(error?.kind == .connection && error?.outcomeUnknown == false && error?.isRetryable == true)
            #expect(error?.description.contains("s3cret") == false)
            return error?.description.contains(empty) == true
        }
        await database.close()
    }

    @Test(arguments: PostgresWire.Cut.allCases)
    func cutsLeaveWhatTheyPromise(_ cut: PostgresWire.Cut) async throws {
        let test = try await TestDatabase.make(migrated: false)
        let direct = test.open()
        try await direct.script("CREATE TABLE ledger (id int)")
        for style in ["query", "batch", "transaction", "script"] {
            let wire = try PostgresWire.start(before: test.cluster)
            let database = open(wire.url(database: test.name)) { $0.acquireTimeout = .seconds(2) }
            try await database.ping()
            #expect(wire.commits == 1)
            let cuts = Mutex(0)
            wire.onCut { cuts.withLock { $0 += 1 } }
            wire.cut(atCommit: 1, cut)
            let error = await #expect(throws: PostgresError.self, "\(style)") { try await write(style, database) }
            #expect(error?.outcomeUnknown == true, "\(style)")
            try await eventually("the cut is reported") { cuts.withLock { $0 } == 1 }
            #expect(wire.commits == 2)
            let count = try await direct.query("DELETE FROM ledger").affected
            #expect(count == (cut == .before ? 0 : 1), "\(style)")
            // A refused ping takes the whole time-out: one way to write has to do.
            if style == "query" || cut == .replyLost {
                let works = (try? await database.ping()) != nil
                #expect(works == (cut == .replyLost), "\(style)")
            }
            await database.close()
        }
        await direct.close()
    }

    private func write(_ style: String, _ database: Database) async throws {
        let insert: SQL = "INSERT INTO ledger VALUES (1)"
        switch style {
        case "query": try await database.query(insert)
        case "batch": try await database.batch([insert, "SELECT 1"])
        case "transaction": try await database.transaction { try await $0.query(insert) }
        default: try await database.script(insert.text)
        }
    }
}

extension TestCluster {
    fileprivate func readOnly(_ name: String, _ isOn: Bool) async throws {
        let database = Database(DatabaseSettings(url: url()), logger: Logger(label: "test"))
        try await database.script("ALTER DATABASE \(name) SET default_transaction_read_only = \(isOn ? "on" : "off")")
        await database.close()
    }
}
