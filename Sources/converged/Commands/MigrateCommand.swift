import ArgumentParser
import Operator

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the database's schema to this binary's version.",
        discussion: """
            The migrations are built in, and only go forward. Run `up` before the daemon of a new version starts, with \
            CONVERGED_DATABASE_URL naming a role that owns the schema and may create roles.

              converged migrate status
              CONVERGED_DATABASE_URL=postgres://postgres@/platform converged migrate up
            """,
        subcommands: [Up.self, Status.self], defaultSubcommand: Up.self)

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Applies the migrations that are missing, each in one transaction.",
            discussion: "  converged migrate up")

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.migrateUp() }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compares; exit code 1 when the database is behind, ahead or changed.",
            discussion: "  converged migrate status --output json")

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.showMigrations() }
        }
    }
}
