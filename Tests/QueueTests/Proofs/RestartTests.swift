import Postgres
import Support
import Testing

@testable import Queue

/// Postgres goes away while workers are busy, in order and as in a crash, and comes back.
@Suite(.timeLimit(.minutes(4))) struct RestartTests {
    @Test func aRestartInMidDrainLosesNothing() async throws {
        var seed = Seed()
        let (working, stopping) = (SharedSeed(seed.next()), SharedSeed(seed.next()))
        // Durable, or a crash takes the latest commits with it.
        let cluster = try await TestCluster.make(durable: true)
        let test = try await TestDatabase.make(on: cluster)
        let queue = QueueBench(test: test, admin: test.open(), daemon: test.open(role: "converged_daemon"))
        let load = Load(queue: queue, random: working)
        let workers = (0..<2).map { load.worker("w\($0)") }
        let ids = try await load.enqueue()
        try await queue.running(workers[0], workers[1]) {
            let stops: [TestCluster.Stop] = [.fast, .immediate, .immediate, .fast, .immediate]
            for (round, stop) in stops.enumerated() {
                let share = ids.count * (round + 1) / (stops.count + 2)
                try await eventually("round \(round) has made progress", within: .seconds(40)) {
                    try await load.ended() >= share
                }
                try await Task.sleep(for: .milliseconds(stopping.next(below: 60)))
                try await cluster.restart(stop)
                let left = try await queue.retrying("select count(*) from converged.jobs where kind = 'k'")
                #expect(left > 0, "it was in the middle of the work")
            }
            try await load.waitForEnd(of: ids)
        }
        try await load.check(ids)
        #expect(try await queue.retrying("select count(*) from converged.workers") == 0, "nobody's row stayed behind")
        await queue.admin.close(grace: .zero)
        await queue.daemon.close(grace: .zero)
        await cluster.halt(.immediate)
    }
}
