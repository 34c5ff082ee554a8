import Foundation
import Postgres
import Support
import Testing

@testable import Queue

/// What Prometheus is told, checked by Prometheus' own tool.
@Suite(.timeLimit(.minutes(5))) struct MetricsTests {
    private static let hasPromtool = FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool")

    private func gauges(_ queue: QueueBench) async throws -> QueueGauges { try await QueueGauges.read(queue.daemon) }

    @Test func gaugesSayHowTheQueueStands() async throws {
        try await QueueBench.with { queue in
            try await queue.admin.script(
                """
                insert into converged.queues (name) values ('mail');
                select converged.enqueue('mail', queue => 'mail', run_at => converged.now() - interval '90 seconds');
                select converged.enqueue('mail', queue => 'mail', delay => '1 hour');
                select converged.enqueue('mail', queue => 'mail', delay => '1 hour', key => 'late');
                select converged.enqueue('mail', needs => array[(select id from converged.jobs where key = 'late')]);
                insert into converged.dead_jobs (id, kind, queue, priority, attempts, message, created_at, died_at)
                values (1000, 'k', 'default', 0, 1, '', now(), now());
                update converged.jobs set woken_at = run_at where run_at < converged.now();
                """)
            let worker = try await queue.register()
            try await queue.wake("a")
            _ = try await queue.lease(worker)
            let seen = try await gauges(queue)
            #expect(seen.queues["mail"]?.depth == [.due: 1, .scheduled: 2, .running: 0, .waiting: 0])
            #expect(seen.queues["default"]?.depth == [.due: 0, .scheduled: 0, .running: 1, .waiting: 1])
            let age = try #require(seen.queues["mail"]?.oldestDueSeconds)
            #expect(age >= 90 && age < 200)
            #expect(seen.queues["default"]?.oldestDueSeconds == nil)
            #expect(seen.queues["default"]?.deadJobs == 1 && seen.queues["mail"]?.deadJobs == 0)
            #expect(seen.liveWorkers == 1 && !seen.isTruncated)
            try await moveClock(of: queue.admin, by: .seconds(11))
            #expect(try await gauges(queue).liveWorkers == 0)
        }
    }

    @Test func aHeldSnapshotIsSeen() async throws {
        try await QueueBench.with { queue in
            let before = try #require(try await gauges(queue).oldestSnapshotTransactions)
            let age = try await queue.admin.withConnection { connection in
                try await connection.transaction { holder in
                    try await holder.query("set transaction isolation level repeatable read")
                    try await holder.query("select count(*) from converged.jobs")
                    for key in 0..<300 { try await queue.daemon.query("select converged.wake('k', \("\(key)"))") }
                    return try await gauges(queue).oldestSnapshotTransactions
                }
            }
            #expect(try #require(age) >= 300)
            #expect(before >= 0)
        }
    }

    @Test func roundTripsAndPickUpsAreCounted() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.name)
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind])
            try await queue.running(worker) {
                try await queue.wake("a")
                _ = await notes.next()
                try await eventually("it is recorded") { try await queue.history("a") == ["settled"] }
            }
            let counters = worker.counters()
            #expect(counters.claimRoundTrip.count >= 1 && counters.finishRoundTrip.count >= 1)
            #expect(counters.claimRoundTrip.sumSeconds > 0)
        }
    }

    @Test(.enabled(if: hasPromtool, "promtool is missing: apt-get install prometheus"))
    func promtoolFindsNothingToSay() async throws {
        try await QueueBench.with { queue in
            try await queue.admin.query(
                "insert into converged.queues (name) values (\("a \"queue\" \\ with\nall that hurts"))")
            let worker = queue.worker("w", [])
            try await queue.running(worker) {
                try await eventually("upkeep is done") { try await queue.history("partitions") == ["settled"] }
            }
            var text = PrometheusText()
            text.add(try await gauges(queue))
            text.add(worker.counters())
            let folder = try TemporaryFolder.make("metrics")
            defer { TemporaryFolder.remove(folder) }
            try text.text.write(toFile: folder + "/text", atomically: true, encoding: .utf8)
            let checked = try await Command.run(["sh", "-c", "exec promtool check metrics <\(folder)/text"])
            #expect(checked.status == 0, "\(checked.output)\(checked.errors)\n\(text.text)")
            #expect(checked.output.isEmpty && checked.errors.isEmpty)
            #expect(text.text.contains("converged_queue_oldest_snapshot_age_transactions "))
        }
    }
}
