import ArgumentParser
import Operator

struct SchedulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules",
        abstract: "Jobs that are made again and again: list, show, add, pause, …",
        discussion: """
              converged schedules list
              converged schedules add prune --kind prune --spec "30 4 * * *"
              converged schedules run prune
            """,
        subcommands: [
            List.self, Show.self, AddScheduleCommand.self, Pause.self, Resume.self, Run.self, Remove.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "All schedules with their next three ticks, in the zone of each.",
            discussion: "  converged schedules list")

        @Option(help: "At most so many rows.") var limit = 100
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            try await Session.run(output) { try await $0.listSchedules(limit: limit) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One schedule: all of its columns.", discussion: "  converged schedules show prune")

        @Argument(help: "The schedule's name.") var name: String
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.showSchedule(name) }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stops schedules; jobs that they made go on.",
            discussion: """
                  converged schedules pause prune backup
                  converged schedules pause --all
                """)

        @OptionGroup var chosen: ChosenSchedules
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.pauseSchedules(chosen.namesOrAll) }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets paused schedules tick again.",
            discussion: """
                The catch-up policy of each decides on the ticks that it missed meanwhile.

                  converged schedules resume prune backup
                  converged schedules resume --all
                """)

        @OptionGroup var chosen: ChosenSchedules
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.resumeSchedules(chosen.namesOrAll) }
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a job now; the next tick comes as it would.",
            discussion: """
                Refused while the job before still waits or runs, unless --overlap allow.

                  converged schedules run prune
                """)

        @Argument(help: "Names of schedules.") var names: [String]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.runSchedules(names) }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes schedules; jobs that they made go on.",
            discussion: "  converged schedules remove prune backup")

        @Argument(help: "Names of schedules.") var names: [String]
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.removeSchedules(names) }
        }
    }
}

/// Names, or all.
struct ChosenSchedules: ParsableArguments {
    @Argument(help: "Names of schedules.") var names: [String] = []
    @Flag(help: "All schedules.") var all = false

    /// Nil: all.
    var namesOrAll: [String]? { all ? nil : names }

    func validate() throws {
        guard all == names.isEmpty else { throw ValidationError("Name schedules, or write --all.") }
    }
}
