import Postgres
import Support
import Testing

@testable import Operator

@Suite struct MigrateTests {
    private func run(_ database: Database, _ verb: (Verbs) async throws -> Exit) async throws -> (
        exit: Exit, document: JSON
    ) {
        let paper = Paper()
        let exit = try await verb(Verbs(database: database, console: Console(format: .json) { paper.write($0) }))
        return (exit, try JSON(parsing: paper.text))
    }

    @Test func anEmptyDatabaseIsBroughtToThisVersion() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open()
        let before = try await run(database) { try await $0.showMigrations() }
        #expect(before.exit == .attention)
        #expect(before.document.items.allSatisfy { $0["state"].text == "pending" })
        let up = try await run(database) { try await $0.migrateUp() }
        #expect(up.document["applied"].items.count == before.document.items.count)
        let again = try await run(database) { try await $0.migrateUp() }
        #expect(again.document["applied"].items.isEmpty)
        let after = try await run(database) { try await $0.showMigrations() }
        #expect(after.exit == .ok)
        #expect(after.document.items.last?["version"].integer == Int64(Version.schema))
        #expect(after.document.items.last?["applied_at"].text?.hasSuffix("Z") == true)
        await database.close()
        try await test.drop()
    }

    @Test func aChangedMigrationIsShown() async throws {
        try await Office.open { office in
            try await office.owner.query("update converged.migrations set checksum = 'x' where version = 1")
            let (exit, text) = try await office.read { try await $0.showMigrations() }
            #expect(exit == .attention)
            #expect(text.contains("changed"))
        }
    }
}
