import ArgumentParser
import Operator

struct RedriveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive",
        abstract: "Starts many dead jobs again, the longest dead first.",
        discussion: """
            Each starts at its first attempt. A dead job whose key has a new job stays dead.

              converged jobs redrive --kind mail --error "connection refused" --since 2h
              converged jobs redrive --queue bulk --limit 10
              converged jobs redrive --all
            """)

    @Option(help: "Only this kind of job.") var kind: String?
    @Option(help: "Only those of this queue.") var queue: String?
    @Option(help: "Only those with this in their error; % stands for anything.") var error: String?
    @Option(help: "Only those that died within this time: 90s, 5m, 2h, 7d.") var since: Span?
    @Flag(help: "Whatever is dead.") var all = false
    @Option(help: "At most so many.") var limit = 1000
    @OptionGroup var output: OutputOptions

    func validate() throws {
        let isNarrowed = kind != nil || queue != nil || error != nil || since != nil
        guard isNarrowed != all else {
            throw ValidationError("Say which: --kind, --queue, --error or --since; or write --all.")
        }
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit must be 1 to 100000.") }
    }

    func run() async throws {
        let filter = DeadFilter(kind: kind, queue: queue, error: error, sinceSeconds: since?.seconds)
        try await Session.run(output) { try await $0.redriveJobs(filter, limit: limit) }
    }
}
