import ArgumentParser
import Operator

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "One screen: is the whole working, and what needs a person?",
        discussion: """
            Workers, machines, droplets, conditions that are not True, the queue and the last survey. Exit code 1 when \
            something needs a person: dead jobs, blocked objects, no live worker, a droplet that nobody serves or that \
            does not answer.

              converged status
              converged status --output json | jq .needs
              converged status >/dev/null || page-somebody
            """)

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Session.run(output) { try await $0.showStatus() }
    }
}
