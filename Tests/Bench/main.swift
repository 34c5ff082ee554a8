import Foundation

/// `make bench [ONLY=path]`; with `BENCH_JSON=FILE` the figures also as JSON.
///
/// Figures are for people to compare with the bars beside them: these programs never fail because a machine is slow.
let only = CommandLine.arguments.dropFirst().first { !$0.isEmpty }
let groups: [String: @Sendable () async throws -> [Figure]] = ["path": PathBench.run]
if let only, groups[only] == nil {
    print("bench: no group '\(only)'; there are: \(groups.keys.sorted().joined(separator: ", "))")
    exit(64)
}
do {
    var results: [(group: String, figures: [Figure])] = []
    for (name, run) in groups.sorted(by: { $0.key < $1.key }) where only == nil || only == name {
        results.append((name, try await run()))
    }
    try Figures(results).report()
} catch {
    print("bench failed: \(error)")
    exit(1)
}
