import ArgumentParser
import Operator

struct BackupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backups",
        abstract: "Back-ups of PAs' data and of services' databases: list, run, restore.",
        discussion: """
            They are made every CONVERGED_BACKUPS_INTERVAL_HOURS by the daemon that serves the droplet, in its \
            CONVERGED_BACKUPS_DIRECTORY. Of services those that have a row in converged.dumps.

              converged backups list pa/ada
              converged backups run pa/ada
              converged backups restore 17
            """,
        subcommands: [List.self, Run.self, Restore.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Back-ups and restores, newest first.",
            discussion: """
                Exit code 1 when an object's newest one failed or its file is lost.

                  converged backups list
                  converged backups list service/twenty-alpha-db -o json
                """)

        @Argument(help: "Only those of this object: pa/NAME, service/NAME, or a name or id alone.") var object: String?
        @Option(help: "At most so many rows.") var limit = 100
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            try await Session.run(output) { try await $0.listBackups(of: object, limit: limit) }
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks for back-ups now; all of the objects or none.",
            discussion: """
                Returns at once. Exit code 66 when there is no such object.

                  converged backups run pa/ada service/twenty-alpha-db
                """)

        @Argument(help: "pa/NAME, service/NAME, or a name or id alone.") var objects: [String]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.runBackups(of: objects) }
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a good back-up back.",
            discussion: """
                Its checksum is verified, what is there now is backed up first, a PA is stopped meanwhile. When a step \
                fails for good, what was there is put back. Returns at once; exit code 66 when there is no such \
                back-up or object, 75 when a restore of the object is under way.

                  converged backups restore 17
                  converged backups restore 17 --to bob
                """)

        @Argument(help: "The back-up's number.") var id: Int64
        @Option(help: "Another PA or service, by name or id; on the same host.") var to: String?
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.restoreBackup(id, to: to) }
        }
    }
}
