import ArgumentParser
import Operator

extension JobState: ExpressibleByArgument {}

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "The queue: list, show, retry, cancel.",
        discussion: """
              converged jobs list --state dead
              converged jobs show 4711
              converged jobs retry 4711
            """,
        subcommands: [List.self, Show.self, Retry.self, Cancel.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Jobs that wait, run or are dead; the finished ones with --state finished.",
            discussion: """
                  converged jobs list --state running
                  converged jobs list --kind machine --limit 20
                """)

        @Option(help: "Only those in this state.") var state: JobState?
        @Option(help: "Only this kind of job.") var kind: String?
        @Option(help: "At most so many rows.") var limit = 100
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            try await Session.run(output) { try await $0.listJobs(state: state, kind: kind, limit: limit) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One job: where it is, its finished runs and its errors.",
            discussion: "  converged jobs show 4711")

        @Argument(help: "The job's number.") var id: Int64
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.showJob(id) }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs a waiting or dead job now.",
            discussion: """
                A dead job starts again at its first attempt, one in back-off waits no longer. Repair the cause first.

                  converged jobs retry 4711
                """)

        @Argument(help: "The job's number.") var id: Int64
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.retryJob(id) }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a job away, or has its run stopped.",
            discussion: """
                An object that is woken again gets a new job: to keep an object still, pause it.

                  converged jobs cancel 4711
                """)

        @Argument(help: "The job's number.") var id: Int64
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.cancelJob(id) }
        }
    }
}
