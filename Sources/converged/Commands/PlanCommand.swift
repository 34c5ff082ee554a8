import ArgumentParser
import Operator

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "What would be done, without doing it.",
        discussion: """
            With a KEY a live daemon reads the row, observes the outside and plans afresh, and acts on nothing; without \
            a daemon the last plan is shown and the exit code is 1. Without a KEY: every object whose status is behind \
            its row or that isn't ready.

              converged plan
              converged plan machine/1d4f06a2
              converged plan pa/ada
            """)

    @Argument(help: "KIND/NAME: machine, pa, service, droplet; survey/fly or fleet/fly.") var key: String?
    @Option(help: "How long to wait for a fresh plan.") var waitSeconds = 15
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard waitSeconds >= 0 else { throw ValidationError("--wait-seconds must be 0 or more.") }
    }

    func run() async throws {
        try await Session.run(output) { try await $0.plan(key, wait: .seconds(waitSeconds)) }
    }
}
