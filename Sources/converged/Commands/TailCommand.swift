import ArgumentParser
import Operator

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Shows ends of jobs as they come, a line each.",
        discussion: """
            Looks every second, until Ctrl-C. With --output json each line is a document.

              converged jobs tail
              converged jobs tail --kind prune --lines 100
            """)

    @Option(help: "Only this kind of job.") var kind: String?
    @Option(help: "First, so many of the latest ends.") var lines = 10
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard lines >= 0 else { throw ValidationError("--lines must be 0 or more.") }
    }

    func run() async throws {
        try await Session.run(output) { try await $0.tailJobs(kind: kind, lines: lines) }
    }
}
