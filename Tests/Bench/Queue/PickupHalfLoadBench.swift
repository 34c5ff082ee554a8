/// Pick-up while the workers are half busy: at half the rate that the same worker drains.
enum PickupHalfLoadBench {
    static let seconds = 20.0
    static let batchesPerSecond = 100.0

    static func run() async throws -> [Figure] {
        let rig = try await QueueRig.build()
        try await rig.refill(DrainBench.jobs)
        let capacity = DrainBench.rate(try await Drain.run(rig, jobs: DrainBench.jobs))
        let batch = Int(capacity / 2 / batchesPerSecond)
        say("  drain: \(Int(capacity)) jobs/s; enqueueing \(batch) jobs \(Int(batchesPerSecond)) times a second")
        try await rig.refill(0)
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
        await rig.close()
        return [
            Figure(name: "p50_ms", value: times.percentile(0.5), meaning: "commit → handler, of \(times.count)"),
            Figure(name: "p95_ms", value: times.percentile(0.95), meaning: "the same"),
            Figure(name: "p99_ms", value: times.percentile(0.99), bar: "≤ 20", meaning: "the same"),
            Figure(
                name: "jobs_per_s", value: Double(times.count) / took, meaning: "enqueued, of \(Int(capacity)) drained"),
        ]
    }
}
