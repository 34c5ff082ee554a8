import Postgres

/// Claims of ready jobs, alone and beside a million rows that are for later or paused: two databases of one server, in turn.
enum BacklogBench {
    static let ready = 50_000
    static let scheduled = 1_000_000
    static let paused = 100_000

    static func run() async throws -> [Figure] {
        let alone = try await QueueRig.build(countsStatements: true)
        let beside = try await alone.makeSibling(countsStatements: true)
        for rig in [alone, beside] {
            // The planner shall know, or not know, of the backlog when this says so.
            try await rig.owner.query("alter table converged.jobs set (autovacuum_enabled = false)")
            try await rig.owner.query("select converged.pause('paused')")
            try await rig.refill(0)
        }
        try await beside.insert(scheduled, wait: "interval '1 hour' + n * interval '1 second'")
        try await beside.insert(paused, kind: "paused")
        let unknown = try await compare(alone, beside, "before ANALYZE")
        try await beside.settle("converged.jobs")
        let known = try await compare(alone, beside, "after ANALYZE")
        await beside.owner.close()
        await alone.close()
        let ratios = [unknown, known].map { pairs in pairs.map { $0.beside / $0.alone } }
        let backlog = "\(scheduled) scheduled and \(paused) paused"
        return [
            Figure(
                name: "claim_ratio", value: ratios.map { $0.percentile(0.5) }.max() ?? 0, bar: "≤ 1.2",
                meaning: "beside \(backlog), over alone; the worse of the two below"),
            Figure(name: "claim_ratio_unanalyzed", of: ratios[0], meaning: "before the planner knows of the backlog"),
            Figure(name: "claim_ratio_analyzed", of: ratios[1], meaning: "after ANALYZE"),
            Figure(name: "claim_alone_ms", of: (unknown + known).map(\.alone), meaning: "mean time of a claim, alone"),
            Figure(
                name: "claim_beside_ms", of: (unknown + known).map(\.beside), meaning: "the same beside the backlog"),
        ]
    }

    private static func compare(
        _ alone: QueueRig, _ beside: QueueRig, _ when: String
    ) async throws -> [(alone: Double, beside: Double)] {
        var pairs: [(alone: Double, beside: Double)] = []
        for _ in 0..<DrainBench.repetitions {
            let pair = (alone: try await measureClaim(alone), beside: try await measureClaim(beside))
            say("  \(when): a claim takes \(pair.alone) ms alone, \(pair.beside) ms beside the backlog")
            pairs.append(pair)
        }
        return pairs
    }

    /// Drains jobs that are ready; the mean time of a claim.
    private static func measureClaim(_ rig: QueueRig) async throws -> Double {
        try await rig.owner.query("truncate converged.job_history")
        try await rig.insert(ready)
        try await rig.settle("converged.jobs", analyze: false)
        let before = try await ClaimTime.read(rig)
        _ = try await Drain.run(rig, jobs: ready, kinds: ["noop", "paused"])
        return try await ClaimTime.read(rig).mean(since: before)
    }
}
