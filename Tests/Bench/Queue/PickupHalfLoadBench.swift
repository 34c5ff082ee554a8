import Foundation

/// Pick-up while the workers are half busy: at half the rate that the same worker drained just before.
enum PickupHalfLoadBench {
    static let seconds = 10.0
    static let batchesPerSecond = 100.0
    /// More than the other groups have: one p99 is decided by a tenth of a second.
    static let repetitions = 5

    static func run() async throws -> [Figure] {
        let rig = try await QueueRig.build()
        var rounds: [Round] = []
        for _ in 0..<repetitions { rounds.append(try await round(rig)) }
        await rig.close()
        let count = rounds.map(\.times.count).reduce(0, +)
        func figure(_ name: String, _ share: Double, bar: String = "", _ meaning: String = "the same") -> Figure {
            Figure(name: name, of: rounds.map { $0.times.percentile(share) }, bar: bar, meaning: meaning)
        }
        return [
            figure("p50_ms", 0.5, "commit → handler, of \(count)"),
            figure("p95_ms", 0.95),
            figure("p99_ms", 0.99, bar: "≤ 20"),
            Figure(name: "jobs_per_s", of: rounds.map(\.rate), meaning: "enqueued"),
            Figure(name: "capacity_jobs_per_s", of: rounds.map(\.capacity), meaning: "drained just before"),
        ]
    }

    private struct Round {
        var capacity: Double
        var rate: Double
        /// ms
        var times: [Double]
    }

    private static func round(_ rig: QueueRig) async throws -> Round {
        try await rig.refill(DrainBench.jobs)
        let capacity = DrainBench.rate(try await Drain.run(rig, jobs: DrainBench.jobs))
        let batch = Int(capacity / 2 / batchesPerSecond)
        try await rig.refill(0)
        let stolen = StolenTime.read()
        let child = try await WorkerChild.start(rig, "worker") { $0.startsFile = "" }
        child.begin()
        let sender = Sender.rows(rig, batch: batch, every: 1_000 / batchesPerSecond)
        _ = try await sender.run(seconds: 2)
        let begun = monotonicNanoseconds()
        let marks = try await sender.run(seconds: seconds)
        let took = Double(monotonicNanoseconds() - begun) / 1e9
        try await rig.waitUntilEmpty("converged.jobs")
        try await child.stop()
        let times = try Latencies(marks, try child.starts()).milliseconds
        say(
            String(
                format: "  drain: %.0f jobs/s; %d jobs 100 times a second: p99 %.1f ms, %.1f %% of the CPU stolen",
                capacity, batch, times.percentile(0.99), 100 * stolen.share()))
        return Round(capacity: capacity, rate: Double(times.count) / took, times: times)
    }
}
