import ArgumentParser
import Operator

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Why is this object as it is, and what does it wait for?",
        discussion: """
            Shows the four steps with their last values: the row, its job and lease, the last run (desired, observed, \
            plan, outcome), its conditions; then what happened lately, and one sentence: what it waits for. Each reason \
            has a page in runbooks/.

              converged why machine/1d4f06a2
              converged why automna-u-1d4f06a2
              converged why pa/ada
              converged why droplet/fleet-alpha
              converged why fleet/fly
            """)

    @Argument(help: "KIND/NAME: machine, pa, service, droplet; survey/fly or fleet/fly.") var key: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Session.run(output) { try await $0.explain(key) }
    }
}
