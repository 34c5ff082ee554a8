import ArgumentParser
import Operator

struct QueuesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queues",
        abstract: "Queues: list, pause, resume, limit.",
        discussion: """
              converged queues list
              converged queues pause bulk --reason "database under repair"
              converged queues limit bulk --running 10
            """,
        subcommands: [List.self, Pause.self, Resume.self, Limit.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Queues and kinds: depth by state, age of the oldest due job, limits, pauses.",
            discussion: "  converged queues list")

        @Option(help: "At most so many rows.") var limit = 100
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            try await Session.run(output) { try await $0.listQueues(limit: limit) }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stops new runs of whole queues; all that are named, or none.",
            discussion: """
                Runs that go on now end normally. A kind or an object is paused with `converged pause`.

                  converged queues pause bulk mail --reason "database under repair"
                """)

        @Argument(help: "Names of queues.") var names: [String]
        @Option(help: "Why; shown to whoever asks.") var reason = ""
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.pauseQueues(names, reason: reason) }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends pauses of queues; all that are named, or none.",
            discussion: "  converged queues resume bulk mail")

        @Argument(help: "Names of queues.") var names: [String]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.resumeQueues(names) }
        }
    }

    struct Limit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets the limits of a queue or a kind, over all daemons together.",
            discussion: """
                The limits become those that are named; the others are taken away.

                  converged queues limit bulk --running 10
                  converged queues limit --kind mail --rate 5 --burst 20 --per-lane 1
                  converged queues limit bulk --none
                """)

        @Argument(help: "The queue's name.") var name: String?
        @Option(help: "Instead of a queue: this kind of job.") var kind: String?
        @Option(help: "At most so many run at once; 0 stops new runs.") var running: Int?
        @Option(help: "At most so many start a second.") var rate: Double?
        @Option(help: "With --rate: so many at once after a quiet time.") var burst: Int?
        @Option(help: "Of a kind: at most so many run at once in a lane.") var perLane: Int?
        @Flag(help: "Takes all limits away.") var none = false
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (name == nil) != (kind == nil) else { throw ValidationError("Name a queue, or a --kind.") }
            guard (running == nil && rate == nil && perLane == nil) == none, burst == nil || rate != nil else {
                throw ValidationError("Say --running, --rate (with --burst) or --per-lane; or write --none.")
            }
            guard perLane == nil || kind != nil else { throw ValidationError("--per-lane is for a --kind.") }
            guard running ?? 0 >= 0, rate ?? 1 > 0, (rate ?? 1).isFinite, burst ?? 1 > 0, perLane ?? 1 > 0 else {
                throw ValidationError("--running must be 0 or more, the other limits more than 0.")
            }
        }

        func run() async throws {
            let new = NewLimit(running: running, ratePerSecond: rate, burst: burst, perLane: perLane)
            try await Session.run(output) { verbs in
                if let kind { return try await verbs.limitKind(kind, new) }
                return try await verbs.limitQueue(name ?? "", new)
            }
        }
    }
}
