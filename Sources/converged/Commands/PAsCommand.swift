import ArgumentParser
import Operator

struct PAsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pas",
        abstract: "Assistants in containers on droplets: list, show.",
        discussion: """
            Droplets, teams and PAs are desired rows; the daemon that serves a droplet acts on what is placed there.

              converged pas list --team alpha
              converged pas show ada
            """,
        subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every PA: team, droplet, port, and how far it is.",
            discussion: """
                Its status speaks of the generation SEEN; 0 means that no daemon looked at it.

                  converged pas list
                  converged pas list --droplet fleet-alpha
                  converged pas list --status error --output json
                """)

        @Option(help: "Only those of this team.") var team: String?
        @Option(help: "Only those on this droplet.") var droplet: String?
        @Option(help: "Only those in this status: provisioning, running, stopped, error, deleting.") var status: String?
        @Option(help: "At most so many rows.") var limit = 1000
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
            let known = ["provisioning", "running", "stopped", "error", "deleting"]
            if let status, !known.contains(status) {
                throw ValidationError("--status is one of \(known.joined(separator: ", ")).")
            }
        }

        func run() async throws {
            let filter = PAFilter(team: team, droplet: droplet, status: status)
            try await Session.run(output) { try await $0.listPAs(filter, limit: limit) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One PA, and the checklist that its container owes.",
            discussion: """
                The token and the values of config are never shown. Exit code 66 when there is none.

                  converged pas show ada
                  converged pas show ada -o json | jq .steps
                """)

        @Argument(help: "Name, container or id.") var name: String
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.showPA(name) }
        }
    }
}
