/// Four workers on one database and the same cores, against one.
enum ScaleOutBench {
    static let workers = 4

    static func run() async throws -> [Figure] {
        let rig = try await QueueRig.build()
        var (one, four): ([Double], [Double]) = ([], [])
        var leastShares: [Double] = []
        for _ in 0..<DrainBench.repetitions {
            try await rig.refill(DrainBench.jobs)
            one.append(DrainBench.rate(try await Drain.run(rig, jobs: DrainBench.jobs)))
            try await rig.refill(DrainBench.jobs)
            let drain = try await Drain.run(rig, jobs: DrainBench.jobs, workers: workers)
            four.append(DrainBench.rate(drain))
            let shares = drain.shares.map { Double($0) / Double(DrainBench.jobs) }
            leastShares.append(shares.min() ?? 0)
            let text = shares.map { "\(Int(($0 * 100).rounded())) %" }.joined(separator: ", ")
            say("  one: \(Int(one[one.count - 1])) jobs/s; four: \(Int(four[four.count - 1])) jobs/s, shares \(text)")
        }
        await rig.close()
        return [
            Figure(
                name: "efficiency", of: zip(four, one).map(/), bar: "≥ 0.8",
                meaning: "rate of \(workers) workers over that of one just before"),
            Figure(name: "one_jobs_per_s", of: one, meaning: "\(DrainBench.jobs) no-op jobs, one worker"),
            Figure(name: "four_jobs_per_s", of: four, meaning: "the same, \(workers) workers"),
            Figure(
                name: "least_share", of: leastShares, bar: "> 0",
                meaning: "of the work, by the worker that did least; 0.25 is even"),
        ]
    }
}
