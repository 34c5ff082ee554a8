import Foundation
import Postgres
import Support

/// Jobs that lie ready, drained by worker processes.
struct Drain: Sendable {
    /// From the word to begin, the workers' registration included, to the commit of the last end.
    var seconds: Double
    var spent: Meter
    var workerCPUSeconds: Double
    /// Of the largest worker, at the end.
    var residentMiB: Double
    /// Jobs ended by each worker.
    var shares: [Int]

    /// The jobs are in the table already; the workers are started here and gone at the end.
    static func run(
        _ rig: QueueRig, jobs: Int, workers: Int = 1, kinds: [String] = ["noop"]
    ) async throws -> Drain {
        var children: [WorkerChild] = []
        for number in 1...workers {
            children.append(try await WorkerChild.start(rig, "worker-\(number)") { $0.kinds = kinds })
        }
        let before = (meter: try await Meter.read(rig), cpu: children.map(\.daemon.cpuSeconds).reduce(0, +))
        let begun = ContinuousClock.now
        for child in children { child.begin() }
        while children.map(\.ended).reduce(0, +) < jobs {
            try await Task.sleep(for: .milliseconds(5))
            guard children.allSatisfy(\.daemon.process.isRunning), ContinuousClock.now - begun < .seconds(600) else {
                throw Mishap(description: "the drain stands still at \(children.map(\.ended)) of \(jobs) jobs")
            }
        }
        let seconds = (ContinuousClock.now - begun) / .seconds(1)
        let cpu = children.map(\.daemon.cpuSeconds).reduce(0, +) - before.cpu
        let memory = children.map(\.daemon.residentMiB).max() ?? 0
        let shares = children.map(\.ended)
        for child in children { try await child.stop() }
        let spent = try await Meter.read(rig) - before.meter
        try await check(rig, jobs)
        return Drain(seconds: seconds, spent: spent, workerCPUSeconds: cpu, residentMiB: memory, shares: shares)
    }

    /// Nothing is left, and everything is on record.
    private static func check(_ rig: QueueRig, _ jobs: Int) async throws {
        let rows = try await rig.owner.query(
            """
            select (select count(*) from converged.jobs where kind = 'noop' and run_at <= now()),
                (select count(*) from converged.job_history where kind = 'noop' and outcome = 'settled')
            """)
        let (left, recorded) = try rows[0].decode((Int, Int).self)
        guard left == 0, recorded == jobs else {
            throw Mishap(description: "after the drain of \(jobs) jobs \(left) are left and \(recorded) on record")
        }
    }
}
