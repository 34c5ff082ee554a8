import ArgumentParser
import Operator

struct DropletsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "droplets",
        abstract: "Docker hosts: list, show, drain, undrain.",
        discussion: """
            A droplet is worked on by the daemons that serve it: those whose CONVERGED_DROPLETS names it, or any with a \
            certificate when its endpoint is https.

              converged droplets list
              converged droplets drain fleet-alpha
            """,
        subcommands: [List.self, Show.self, Drain.self, Undrain.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every droplet: whose it is, how full, whether it drains, who serves it now, whether it answers.",
            discussion: """
                A droplet without teams takes PAs of every team that has no droplets of its own.

                  converged droplets list
                  converged droplets list --team alpha       where its PAs may go
                  converged droplets list --draining -o json
                """)

        @Option(help: "Only those that are for this team's PAs.") var team: String?
        @Flag(help: "Only those that drain.") var draining = false
        @Option(help: "At most so many rows.") var limit = 100
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            try await Session.run(output) { try await $0.listDroplets(team: team, draining: draining, limit: limit) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One droplet: its conditions, who serves it, and the PAs and services placed on it.",
            discussion: """
                Exit code 66 when there is none of that name.

                  converged droplets show fleet-alpha
                """)

        @Argument(help: "Its name.") var name: String
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.showDroplet(name) }
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has droplets take no new PAs and services; moves nothing.",
            discussion: """
                What is placed already stays. All of the droplets or none: exit code 66 when one \
                is unknown. A new PA that fits nowhere else is refused with SQLSTATE CV503.

                  converged droplets drain fleet-alpha fleet-beta
                """)

        @Argument(help: "Names of droplets.") var names: [String]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.drainDroplets(names) }
        }
    }

    struct Undrain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has droplets take new PAs and services again.",
            discussion: "  converged droplets undrain fleet-alpha")

        @Argument(help: "Names of droplets.") var names: [String]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.undrainDroplets(names) }
        }
    }
}
