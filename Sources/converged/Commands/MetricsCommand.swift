import ArgumentParser
import Operator

struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "How the queue stands, in Prometheus' text format.",
        discussion: """
            Depth by queue and state, age of the oldest due job, dead letters, live workers, dead rows and the age of the \
            oldest snapshot. A daemon writes these and its own counters and histograms to CONVERGED_METRICS_FILE.

              converged metrics
              converged metrics | promtool check metrics
            """)

    func run() async throws {
        try await Session.run(Console(format: .table) { print($0, terminator: "") }) { try await $0.showMetrics() }
    }
}
