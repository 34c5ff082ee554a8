import Foundation

/// `make bench [ONLY=drain]`; with `BENCH_JSON=FILE` the figures also as JSON.
///
/// Figures are for people to compare with the bars beside them: these programs never fail because a machine is slow. A group
/// that cannot be measured is told at the end, and the exit code says so.
let groups: [(name: String, run: @Sendable () async throws -> [Figure])] = [
    ("drain", DrainBench.run), ("enqueue_bulk", EnqueueBulkBench.run), ("pickup_idle", PickupIdleBench.run),
    ("pickup_half_load", PickupHalfLoadBench.run), ("held_snapshot", HeldSnapshotBench.run),
    ("backlog", BacklogBench.run), ("scale_out", ScaleOutBench.run), ("path", PathBench.run),
]
let words = Array(CommandLine.arguments.dropFirst())
if words.first == WorkerOrder.verb {
    try await WorkerProgram.run(WorkerOrder(words))
    exit(0)
}
if words.first == BareLoop.verb {
    try BareLoop.run(Array(words.dropFirst()))
    exit(0)
}
let only = words.first { !$0.isEmpty }
if let only, !groups.contains(where: { $0.name == only }) {
    print("bench: no group '\(only)'; there are: \(groups.map(\.name).joined(separator: ", "))")
    exit(64)
}
var results: [(group: String, figures: [Figure])] = []
var failed: [String] = []
sayLoad()
for (name, run) in groups where only == nil || only == name {
    do {
        say(name)
        let stolen = StolenTime.read()
        let figures = try await run()
        let share = Figure(
            name: "stolen_share", value: stolen.share(),
            meaning: "of the CPU time, given to others by this machine's host")
        results.append((name, figures + [share]))
    } catch {
        failed.append("\(name): \(error)")
    }
}
try Figures(results).report()
for failure in failed { print("not measured: \(failure)") }
exit(failed.isEmpty ? 0 : 1)
