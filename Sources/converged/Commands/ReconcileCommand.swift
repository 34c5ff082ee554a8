import ArgumentParser
import Operator

struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Has an object looked at again.",
        discussion: """
            Leaves a wake: a daemon reads the row, observes, plans and acts. With --now it goes ahead of all routine work \
            and ends a back-off; without, it takes its turn. With --wait the exit code is the outcome: 0 settled, \
            2 blocked or paused (needs a person), 3 failed and will be tried again, 124 still under way.

              converged reconcile machine/1d4f06a2 --now
              converged reconcile machine/ada@example.com --now --wait --wait-seconds 300
              converged reconcile pa/ada --now --wait
              converged reconcile survey/fly --now
            """)

    @Argument(help: "KIND/NAME: machine, pa, service, droplet; survey/fly or fleet/fly.") var key: String
    @Flag(help: "Ahead of routine work, and out of a back-off.") var now = false
    @Flag(help: "Wait for the outcome.") var wait = false
    @Option(help: "How long to wait at most.") var waitSeconds = 120
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard waitSeconds >= 0 else { throw ValidationError("--wait-seconds must be 0 or more.") }
    }

    func run() async throws {
        try await Session.run(output) {
            try await $0.reconcile(key, now: now, wait: wait ? .seconds(waitSeconds) : nil)
        }
    }
}
