import ArgumentParser
import Operator

struct RolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "New images for PAs: start, status, halt, resume, revert.",
        discussion: """
            Canaries get the image first, then batches of so many PAs a droplet, each only after the one before stayed \
            healthy for the soak time. It halts by itself when a canary or more than the failure budget fail.

              converged rollout start ghcr.io/openclaw/openclaw:2026.3.1
              converged rollout status 3
            """,
        subcommands: [
            RolloutStartCommand.self, Status.self, Halt.self, Resume.self, Revert.self,
        ])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Where rollouts stand; of one batch by batch, and why.",
            discussion: """
                Exit code 1 when one of those shown is halted, 66 when there is none of that number.

                  converged rollout status
                  converged rollout status 3
                  converged rollout status 3 -o json | jq '.members[] | select(.state == "failed")'
                """)

        @Argument(help: "Its number; all of them without.") var id: String?
        @Option(help: "At most so many.") var limit = 20
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            try await Session.run(output) { try await $0.showRollouts(id, limit: limit) }
        }
    }

    struct Halt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets nobody else begin; what is under way goes on.",
            discussion: """
                Exit code 75 when it isn't rolling.

                  converged rollout halt 3 --reason "the owners complain"
                """)

        @Argument(help: "Its number.") var id: String
        @Option(help: "Why; shown to whoever asks.") var reason = ""
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.haltRollout(id, reason: reason) }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Goes on after a halt.",
            discussion: """
                Failures until now are accepted: they spend the failure budget no longer. Exit code 75 when it isn't halted.

                  converged rollout resume 3 --reason "those two had a full disk"
                """)

        @Argument(help: "Its number.") var id: String
        @Option(help: "Why; shown to whoever asks.") var reason = ""
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.resumeRollout(id, reason: reason) }
        }
    }

    struct Revert: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives every PA that began its former image back, in batches.",
            discussion: """
                Those that aren't healthy go first. It also reverts a rollout that is done. PAs that somebody gave another \
                image meanwhile keep it.

                  converged rollout revert 3
                """)

        @Argument(help: "Its number.") var id: String
        @Option(help: "Why; shown to whoever asks.") var reason = ""
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Session.run(output) { try await $0.revertRollout(id, reason: reason) }
        }
    }
}
