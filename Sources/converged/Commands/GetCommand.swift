import ArgumentParser
import Operator

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Lists objects of a kind, or shows one.",
        discussion: """
            KIND is machine, pa, service, droplet, rollout, user, profile, condition, event, orphan, worker, job or pause; plural forms mean the same. Tokens \
            and the values of env and config are never shown.

              converged get machines
              converged get machine ada@example.com
              converged get pa ada
              converged get events machine/1d4f06a2     what happened to one machine
              converged get conditions QuotaExceeded    who waits for that?
              converged get conditions -o json | jq '.[] | select(.status != "True")'
            """)

    @Argument(help: "What to list.") var kind: String
    @Argument(help: "One of them: id or name; for conditions and events a KEY or a reason.") var name: String?
    @Option(help: "At most so many rows.") var limit = 1000
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
    }

    func run() async throws {
        let kind = try Kind(named: kind)
        try await Session.run(output) { try await $0.get(kind, name: name, limit: limit) }
    }
}
