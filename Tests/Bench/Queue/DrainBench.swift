/// 200 000 jobs that do nothing, with history and fencing, against pgbench in the same run.
enum DrainBench {
    static let jobs = 200_000
    static let repetitions = 3

    static func run() async throws -> [Figure] {
        let rig = try await QueueRig.build()
        var rounds: [Round] = []
        for _ in 0..<repetitions {
            let bare = try await Floors.claim(rig, jobs: jobs, .bare)
            let same = try await Floors.claim(rig, jobs: jobs, .fencedAndRecorded)
            try await rig.refill(jobs)
            let drain = try await Drain.run(rig, jobs: jobs)
            say("  drain: \(Int(rate(drain))) jobs/s")
            rounds.append(Round(bare: bare, same: same, drain: drain))
        }
        await rig.close()
        return figures(rounds)
    }

    static func rate(_ drain: Drain) -> Double { Double(jobs) / drain.seconds }

    private struct Round {
        var bare: [Floors.Reading]
        var same: [Floors.Reading]
        var drain: Drain

        func ratio(_ floor: [Floors.Reading]) -> Double { DrainBench.rate(drain) / (floor.map(\.rate).max() ?? 0) }
    }

    private static func figures(_ rounds: [Round]) -> [Figure] {
        let drains = rounds.map(\.drain)
        let one = rounds.map { $0.same[0] }
        let count = Double(jobs)
        return [
            Figure(name: "jobs_per_s", of: drains.map(rate), meaning: "\(jobs) no-op jobs, one worker"),
            Figure(
                name: "floor_jobs_per_s", of: one.map(\.rate),
                meaning: "pgbench, one client: claim 500 + complete 500, fenced and with history"),
            Figure(
                name: "floor_ratio", of: rounds.map { $0.ratio([$0.same[0]]) }, bar: "≥ 0.9",
                meaning: "each drain over the floor just before it"),
            Figure(
                name: "best_floor_ratio", of: rounds.map { $0.ratio($0.same) },
                meaning: "over the best of 1, 2 and 4 clients that do the same"),
            Figure(
                name: "bare_floor_ratio", of: rounds.map { $0.ratio($0.bare) },
                meaning: "over the best of 1, 2 and 4 clients that neither fence nor record"),
            Figure(name: "wal_bytes_per_job", of: drains.map { $0.spent.walBytes / count }, meaning: "WAL written"),
            Figure(
                name: "commits_per_job", of: drains.map { $0.spent.commits / count }, meaning: "transactions committed"),
            Figure(
                name: "daemon_cpu_s", of: drains.map(\.workerCPUSeconds), meaning: "user + system, the worker process"),
            Figure(
                name: "postgres_cpu_s", of: drains.map(\.spent.cpuSeconds), meaning: "user + system, the whole server"),
            Figure(name: "floor_postgres_cpu_s", of: one.map(\.cpuSeconds), meaning: "the same for the floor"),
            Figure(name: "rss_mb", of: drains.map(\.residentMiB), meaning: "resident, the worker at the end"),
        ]
    }
}
