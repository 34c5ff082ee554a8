/// 200 000 jobs that do nothing, with history and fencing, against pgbench in the same run.
enum DrainBench {
    static let jobs = 200_000
    static let repetitions = 3

    static func run() async throws -> [Figure] {
        let rig = try await QueueRig.build()
        var floors: [(rate: Double, cpuSeconds: Double)] = []
        var drains: [Drain] = []
        for _ in 0..<repetitions {
            floors.append(try await Floors.claim(rig, jobs: jobs))
            try await rig.refill(jobs)
            let drain = try await Drain.run(rig, jobs: jobs)
            say("  drain: \(Int(rate(drain))) jobs/s")
            drains.append(drain)
        }
        await rig.close()
        return figures(floors, drains)
    }

    static func rate(_ drain: Drain) -> Double { Double(jobs) / drain.seconds }

    private static func figures(_ floors: [(rate: Double, cpuSeconds: Double)], _ drains: [Drain]) -> [Figure] {
        let rates = drains.map(rate)
        let count = Double(jobs)
        return [
            Figure(name: "jobs_per_s", of: rates, meaning: "\(jobs) no-op jobs, one worker"),
            Figure(
                name: "floor_jobs_per_s", of: floors.map(\.rate),
                meaning: "pgbench: claim 500 + complete 500, best of 1, 2, 4 clients"),
            Figure(
                name: "floor_ratio", of: zip(rates, floors).map { $0 / $1.rate }, bar: "≥ 0.9",
                meaning: "each drain over the floor just before it"),
            Figure(name: "wal_bytes_per_job", of: drains.map { $0.spent.walBytes / count }, meaning: "WAL written"),
            Figure(
                name: "commits_per_job", of: drains.map { $0.spent.commits / count }, meaning: "transactions committed"),
            Figure(
                name: "daemon_cpu_s", of: drains.map(\.workerCPUSeconds), meaning: "user + system, the worker process"),
            Figure(
                name: "postgres_cpu_s", of: drains.map(\.spent.cpuSeconds), meaning: "user + system, the whole server"),
            Figure(
                name: "floor_postgres_cpu_s", of: floors.map(\.cpuSeconds),
                meaning: "the same for the floor, which has no history"),
            Figure(name: "rss_mb", of: drains.map(\.residentMiB), meaning: "resident, the worker at the end"),
        ]
    }
}
