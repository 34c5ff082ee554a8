import Postgres

/// Claims of ready jobs, alone and beside a million rows that are for later or paused.
enum BacklogBench {
    static let ready = 50_000
    static let scheduled = 1_000_000
    static let paused = 100_000

    static func run() async throws -> [Figure] {
        let rig = try await QueueRig.build(countsStatements: true)
        // The planner shall know, or not know, of the backlog when this says so.
        try await rig.owner.query("alter table converged.jobs set (autovacuum_enabled = false)")
        try await rig.owner.query("select converged.pause('paused')")
        try await rig.refill(0)
        let alone = try await claims(rig, "alone")
        try await rig.insert(scheduled, wait: "interval '1 hour' + n * interval '1 second'")
        try await rig.insert(paused, kind: "paused")
        let unknown = try await claims(rig, "beside the backlog, before ANALYZE")
        try await rig.settle("converged.jobs")
        let known = try await claims(rig, "beside the backlog, after ANALYZE")
        await rig.close()
        let before = alone.percentile(0.5)
        return [
            Figure(
                name: "claim_ratio", value: max(unknown.percentile(0.5), known.percentile(0.5)) / before, bar: "≤ 1.2",
                meaning: "the worse of before and after ANALYZE, over alone"),
            Figure(name: "claim_alone_ms", of: alone, meaning: "mean time of a claim, \(ready) ready jobs drained"),
            Figure(
                name: "claim_unanalyzed_ms", of: unknown,
                meaning: "beside \(scheduled) scheduled and \(paused) paused, before ANALYZE"),
            Figure(name: "claim_analyzed_ms", of: known, meaning: "the same after ANALYZE"),
        ]
    }

    private static func claims(_ rig: QueueRig, _ where: String) async throws -> [Double] {
        var means: [Double] = []
        for _ in 0..<DrainBench.repetitions {
            try await rig.owner.query("truncate converged.job_history")
            try await rig.insert(ready)
            try await rig.settle("converged.jobs", analyze: false)
            let before = try await ClaimTime.read(rig)
            let drain = try await Drain.run(rig, jobs: ready, kinds: ["noop", "paused"])
            means.append(try await ClaimTime.read(rig).mean(since: before))
            say(
                "  \(`where`): a claim takes \(means[means.count - 1]) ms, \(Int(Double(ready) / drain.seconds)) jobs/s"
            )
        }
        return means
    }
}
