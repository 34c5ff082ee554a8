import ArgumentParser
import Operator

struct AddScheduleCommand: AsyncParsableCommand {
    enum CatchUp: String, CaseIterable, ExpressibleByArgument { case skip, one, all }
    enum Overlap: String, CaseIterable, ExpressibleByArgument { case allow, skip }

    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Makes a schedule, or changes one.",
        discussion: """
            SPEC has five fields: minute, hour, day, month, weekday; lists, ranges, steps \
            and names as in cron. Or @hourly, @daily, @weekly, @monthly, @yearly, or \
            @every 90s, 5m, 2h, 1d, which counts on without regard to clocks.

              converged schedules add prune --kind prune --spec "30 4 * * mon-fri" \\
                  --zone Europe/Berlin --args '{"days": 7}'
              converged schedules add usage --kind usage --spec "@every 5m"
              converged schedules add usage --kind usage --spec @hourly --replace
            """)

    @Argument(help: "Letters, digits and . _ : -") var name: String
    @Option(help: "The kind of the jobs.") var kind: String
    @Option(help: "When it ticks.") var spec: String
    @Option(help: "Whose clocks the fields mean.") var zone = "UTC"
    @Option(help: "The queue of the jobs.") var queue: String?
    @Option(help: "What the jobs get, a JSON object; no secrets.") var args = "{}"
    @Option(help: "Of ticks that were missed, how many to make up for.") var catchUp = CatchUp.one
    @Option(help: "With --catch-up all: at most so many, the newest.") var catchUpMost = 10
    @Option(help: "A tick while the job before still waits or runs; by itself skip, with --catch-up all allow.")
    var overlap: Overlap?
    @Option(help: "What it is for; shown in lists.") var comment = ""
    @Flag(help: "Do not let it tick yet.") var paused = false
    @Flag(help: "Change the schedule of that name, if there is one.") var replace = false
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var new = NewSchedule(name: name, kind: kind, spec: spec)
        new.zone = zone
        new.queue = queue
        new.args = args
        new.catchUp = catchUp.rawValue
        new.catchUpMost = catchUpMost
        new.overlap = overlap?.rawValue
        new.isPaused = paused
        new.comment = comment
        try await Session.run(output) { try await $0.addSchedule(new, replaces: replace) }
    }
}
