import FoundationEssentials
import Postgres
import Schema

extension Verbs {
    /// Applies the migrations that are missing; needs a role that owns the schema and may create roles.
    public func migrateUp() async throws -> Exit {
        let applied = try await Migrator(database, files: Schema.files).up()
        let names = applied.map { JSON.text($0.name) }
        try console.answer(.object(["applied": .array(names)])) {
            if applied.isEmpty { console.print("nothing to do: the schema is at version \(Version.schema)") }
            for migration in applied { console.print("applied \(migration.name)") }
        }
        return .ok
    }

    /// ``Exit/ok`` when every migration of this binary is applied unchanged and nothing more is there.
    public func showMigrations() async throws -> Exit {
        let rows = try await listMigrations()
        try console.answer(.array(rows)) {
            console.print(
                Table(
                    [.init("version", nil, .number), .init("name"), .init("state"), .init("applied_at", nil, .time)],
                    rows))
        }
        return rows.allSatisfy { $0["state"].text == "applied" } ? .ok : .attention
    }

    func listMigrations() async throws -> [JSON] {
        try await Migrator(database, files: Schema.files).status().map { entry in
            .object([
                "version": .integer(Int64(entry.version)), "name": .text(entry.name), "state": .text("\(entry.state)"),
                "applied_at": entry.appliedAt.map { .text($0.formatted(.iso8601)) } ?? .null,
            ])
        }
    }
}
