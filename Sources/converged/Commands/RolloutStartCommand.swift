import ArgumentParser
import Operator

struct RolloutStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Gives all PAs, or those of a team or a droplet, a new image.",
        discussion: """
            Returns at once with the rollout's number. Exit code 75 when another open rollout has some of these PAs, or \
            all of them have the image; 64 when IMAGE names no version.

              converged rollout start ghcr.io/openclaw/openclaw:2026.3.1
              converged rollout start ghcr.io/openclaw/openclaw:2026.3.1 --team alpha --soak-seconds 600
              converged rollout start ghcr.io/openclaw/openclaw:2026.3.2 --replace     instead of a halted one
            """)

    @Argument(help: "With its tag or digest.") var image: String
    @Option(help: "Only PAs of this team.") var team: String?
    @Option(help: "Only PAs on this droplet.") var droplet: String?
    @Option(help: "PAs of a droplet under way at once.") var maxUnavailable = 1
    @Option(help: "Healthy PAs that go before all others.") var canaries = 1
    @Option(help: "How long each stays healthy before the next batch.") var soakSeconds = 60
    @Option(help: "How many may fail; one more halts it.") var failureBudget = 0
    @Option(help: "A PA that isn't ready by then has failed.") var readyWithinSeconds = 3600
    @Flag(help: "Take the place of halted rollouts of the same PAs.") var replace = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        for (name, value, range) in [
            ("--max-unavailable", maxUnavailable, 1...1000), ("--canaries", canaries, 0...1000),
            ("--soak-seconds", soakSeconds, 0...604_800), ("--failure-budget", failureBudget, 0...10_000),
            ("--ready-within-seconds", readyWithinSeconds, 10...604_800),
        ] where !range.contains(value) {
            throw ValidationError("\(name) must be between \(range.lowerBound) and \(range.upperBound).")
        }
    }

    func run() async throws {
        var wish = RolloutWish(image: image)
        wish.team = team
        wish.droplet = droplet
        wish.maxUnavailable = maxUnavailable
        wish.canaries = canaries
        wish.soakSeconds = soakSeconds
        wish.failureBudget = failureBudget
        wish.readyWithinSeconds = readyWithinSeconds
        wish.replaces = replace
        try await Session.run(output) { [wish] in try await $0.startRollout(wish) }
    }
}
