import ArgumentParser
import Operator

struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Daemons that take jobs: list, drain, undrain.",
        discussion: """
              converged workers list
              converged workers drain host-1
            """,
        subcommands: [List.self, Drain.self, Undrain.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every worker: when it was seen, what it runs, whether it drains.",
            discussion: "  converged workers list")

        @Option(help: "At most so many rows.") var limit = 100
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            try await Session.run(output) { try await $0.listWorkers(limit: limit) }
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has workers take no new jobs; what they run ends normally.",
            discussion: """
                They hear of it with their next heartbeat; a daemon that is started again takes jobs.

                  converged workers drain 12
                  converged workers drain host-1 host-2
                """)

        @Argument(help: "Numbers or names of workers.") var names: [String]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.drainWorkers(names) }
        }
    }

    struct Undrain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has drained workers take jobs again.",
            discussion: "  converged workers undrain host-1")

        @Argument(help: "Numbers or names of workers.") var names: [String]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.undrainWorkers(names) }
        }
    }
}
