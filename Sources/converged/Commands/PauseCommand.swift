import ArgumentParser
import Operator

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stops new runs of one object or of a whole kind.",
        discussion: """
            Runs that go on now end normally; wakes are kept and run after `resume`.

              converged pause machine/1d4f06a2 --reason "volume under repair"
              converged pause machines --reason "Fly incident"
              converged pause pa/ada --reason "its owner debugs it"
              converged pause pas                  every PA on every droplet, those to come as well
              converged pause pa@fleet-alpha       every PA of one droplet
              converged resume machines
            """)

    @Argument(help: "A KEY, or a kind of job.") var target: String
    @Option(help: "Why; shown to whoever asks.") var reason = ""
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Session.run(output) { try await $0.pause(target, reason: reason) }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Ends a pause.",
        discussion: """
            What was paused is named as it was for `pause`; `converged status` lists all pauses.

              converged resume machine/1d4f06a2
              converged resume machines
            """)

    @Argument(help: "A KEY, or a kind of job.") var target: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Session.run(output) { try await $0.resume(target) }
    }
}
