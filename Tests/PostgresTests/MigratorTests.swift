import Foundation
import Postgres
import Schema
import Support
import Testing

@Suite("Migrations")
struct MigratorTests {
    private let one = (name: "0001_one.sql", text: "CREATE TABLE a (id int); INSERT INTO a VALUES (1);")
    private let two = (name: "0002_two.sql", text: "ALTER TABLE a ADD COLUMN b text;")

    @Test func ownFilesApplyOnceAndInOrder() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        let migrator = try Migrator(database, files: Schema.files)
        await #expect(throws: PostgresError.self) { try await migrator.check() }
        #expect(try await migrator.up().map(\.version) == Schema.files.compactMap { Int($0.name.prefix(4)) }.sorted())
        #expect(try await migrator.up().isEmpty)
        try await migrator.check()
        #expect(try await migrator.status().allSatisfy { $0.state == .applied && $0.appliedAt != nil })
        await database.close()
    }

    @Test func daemonsThatStartTogetherTakeTurns() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    let database = test.open()
                    let done = try await Migrator(database, files: [two, one]).up()
                    await database.close()
                    return done.count
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(applied == 2)
    }

    @Test func aFailingFileLeavesNothing() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        let bad = (name: "0002_bad.sql", text: "CREATE TABLE b (id int); SELECT 1/0;")
        let error = await #expect(throws: PostgresError.self) {
            try await Migrator(database, files: [one, bad]).up()
        }
        #expect(error?.message.contains("0002_bad.sql") == true && error?.sqlState == "22012")
        let found = try await database.query("SELECT to_regclass('a') IS NOT NULL, to_regclass('b') IS NOT NULL")
        #expect(try found[0].decode((Bool, Bool).self) == (true, false))
        let states = try await Migrator(database, files: [one, bad]).status().map(\.state)
        #expect(states == [.applied, .pending])
        await database.close()
    }

    @Test func changedAndNewerFilesAreRefused() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        _ = try await Migrator(database, files: [one, two]).up()
        let changed = try Migrator(database, files: [one, (two.name, two.text + " -- more")])
        #expect(try await changed.status().map(\.state) == [.applied, .changed])
        await #expect(throws: PostgresError.self) { try await changed.up() }
        let older = try Migrator(database, files: [one])
        #expect(try await older.status().map(\.state) == [.applied, .missing])
        await #expect(throws: PostgresError.self) { try await older.check() }
        await database.close()
    }

    @Test func twoFilesWithOneNumberAreRefused() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        let twin = (name: "0001_twin.sql", text: "")
        #expect(throws: PostgresError.self) { try Migrator(database, files: [one, twin]) }
        await database.close()
    }

    @Test func migratedTestDatabasesAreQuickAndHaveTheirOwnClock() async throws {
        let test = try await TestDatabase.make()
        let database = test.open()
        try await moveClock(of: database, by: .seconds(86_400))
        let ahead = try await database.query("SELECT extract(epoch FROM converged.now() - now())::int").scalar(
            as: Int.self)
        #expect(ahead == 86_400)
        let web = test.open(role: "converged_web")
        #expect(try await web.query("SELECT current_user").scalar(as: String.self) == "converged_web")
        await web.close()
        await database.close()
        try await test.drop()
    }
}
