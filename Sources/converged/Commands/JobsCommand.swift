import ArgumentParser
import Operator

extension JobState: ExpressibleByArgument {}

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Jobs: list, show, enqueue, retry, cancel, redrive, tail.",
        discussion: """
              converged jobs list --state dead
              converged jobs show 4711
              converged jobs retry 4711 4712
              converged jobs tail --kind prune
            """,
        subcommands: [
            List.self, Show.self, EnqueueCommand.self, Retry.self, Cancel.self, RedriveCommand.self, TailCommand.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Jobs that wait, run or are dead, and why they wait.",
            discussion: """
                The longest due first; finished ones with --state finished, the latest first.

                  converged jobs list --state running
                  converged jobs list --kind machine --limit 20
                  converged jobs list --queue mail --state ready --output json
                """)

        @Option(help: "Only those in this state.") var state: JobState?
        @Option(help: "Only this kind of job.") var kind: String?
        @Option(help: "Only those in this queue.") var queue: String?
        @Option(help: "Only those with this key.") var key: String?
        @Option(help: "At most so many rows.") var limit = 100
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            let filter = JobFilter(state: state, kind: kind, queue: queue, key: key)
            try await Session.run(output) { try await $0.listJobs(filter, limit: limit) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One job: why it waits, limits, steps, ends and errors.",
            discussion: """
                Arguments of secret kinds are not shown.

                  converged jobs show 4711
                """)

        @Argument(help: "The job's number.") var id: Int64
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.showJob(id) }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs waiting or dead jobs now.",
            discussion: """
                A dead job starts again at its first attempt, one in back-off waits no longer. Repair the cause first. \
                Of several each counts on its own; exit code 1 when some were refused.

                  converged jobs retry 4711
                  converged jobs retry 4711 4712 4713
                """)

        @Argument(help: "Numbers of jobs.") var ids: [Int64]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.retryJobs(ids) }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes jobs away, or has their runs stopped.",
            discussion: """
                An object that is woken again gets a new job: to keep an object still, pause it. Of several each counts \
                on its own; exit code 1 when some were refused.

                  converged jobs cancel 4711
                  converged jobs cancel 4711 4712 4713
                """)

        @Argument(help: "Numbers of jobs.") var ids: [Int64]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.cancelJobs(ids) }
        }
    }
}
