import Foundation
import Postgres
import Queue

/// 200 000 jobs enqueued 1000 a transaction, against pgbench's COPY in the same run.
enum EnqueueBulkBench {
    static let jobs = 200_000

    static func run() async throws -> [Figure] {
        let rig = try await QueueRig.build()
        var floors: [Double] = []
        var rates: [Double] = []
        for _ in 0..<DrainBench.repetitions {
            floors.append(try await Floors.copy(rig, jobs: jobs))
            rates.append(try await enqueue(rig))
        }
        let many = try await enqueueMany(rig)
        await rig.close()
        return [
            Figure(
                name: "jobs_per_s", of: rates,
                meaning: "JobClient.copy of 1000 each, best of 1, 2, 4 connections"),
            Figure(name: "floor_jobs_per_s", of: floors, meaning: "pgbench: COPY of 1000, best of 1, 2, 4 clients"),
            Figure(
                name: "floor_ratio", of: zip(rates, floors).map(/), bar: "≥ 0.8",
                meaning: "each over the floor just before it"),
            Figure(
                name: "enqueue_many_per_s", of: many,
                meaning: "converged.enqueue_many of \(CopyRows.count), which checks each job, one connection"),
        ]
    }

    private static func enqueue(_ rig: QueueRig) async throws -> Double {
        var best = 0.0
        for clients in Floors.clients {
            try await rig.refill(0)
            let begun = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<clients { group.addTask { try await copy(rig, blocks: jobs / CopyRows.count / clients) } }
                try await group.waitForAll()
            }
            let rate = Double(jobs) / ((ContinuousClock.now - begun) / .seconds(1))
            let count: Int = try await rig.owner.query("select count(*) from converged.jobs where kind = 'noop'")
                .scalar()
            guard count == jobs else { throw Mishap(description: "\(count) of \(jobs) jobs arrived") }
            say("  JobClient.copy of \(CopyRows.count), \(clients) connections: \(Int(rate)) jobs/s")
            best = max(best, rate)
        }
        return best
    }

    private static func enqueueMany(_ rig: QueueRig) async throws -> [Double] {
        let jobs = "[" + Array(repeating: #"{"kind": "noop"}"#, count: CopyRows.count).joined(separator: ", ") + "]"
        let calls = 20
        var rates: [Double] = []
        for _ in 0..<DrainBench.repetitions {
            try await rig.refill(0)
            let begun = ContinuousClock.now
            for _ in 0..<calls { try await rig.owner.query("select converged.enqueue_many(\(jobs)::jsonb)") }
            rates.append(Double(calls * CopyRows.count) / ((ContinuousClock.now - begun) / .seconds(1)))
        }
        return rates
    }

    private static func copy(_ rig: QueueRig, blocks: Int) async throws {
        let client = JobClient(database: rig.owner)
        let block = Array(repeating: NewJob(kind: "noop"), count: CopyRows.count)
        for _ in 0..<blocks { try await client.copy(block) }
    }
}
