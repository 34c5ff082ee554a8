import Foundation
import Postgres
import Support
import Testing

@testable import Queue

/// A worker's clock says nothing: whatever is compared is database time. Here the database is an hour away from the clock of
/// the workers' process, which to them is the same as theirs being an hour off.
@Suite(.timeLimit(.minutes(5))) struct WrongClockTests {
    @Test(arguments: ["1 hour", "-1 hour"])
    func anHourOffLosesDelaysAndDoublesNothing(_ shift: String) async throws {
        try await QueueBench.with { queue in
            try await queue.admin.query("update converged.clock set shift = \(shift)::interval")
            let started = Notes()
            let kind = JobKind(name: "k", concurrency: 20) { lease in
                started.add("\(lease.job)")
                // Longer than a heartbeat, so that the lease has to be proven.
                try await Task.sleep(for: .milliseconds(lease.job % 10 == 0 ? 700 : 1))
                return Verdict(.settled(next: nil))
            }
            let workers = ["a", "b"].map { name in
                queue.worker(name, [kind]) { $0.heartbeatInterval = .milliseconds(200) }
            }
            try await queue.running(workers[0], workers[1]) {
                try await queue.admin.query("select converged.enqueue('k') from generate_series(1, 200)")
                try await queue.admin.query(
                    "select converged.enqueue('k', delay => interval '1 second') from generate_series(1, 20)")
                try await eventually("all have ended", within: .seconds(60)) {
                    try await queue.scalar("select count(*) from converged.job_history where kind = 'k'") == 220
                }
                let away: TimeInterval = try await queue.scalar(
                    "select date_part('epoch', now() - min(seen_at)) from converged.workers")
                #expect(abs(abs(away) - 3_600) < 60, "heartbeats are written in database time")
            }
            #expect(
                try await queue.scalar(
                    "select count(*) from converged.job_history where kind = 'k' and outcome = 'settled' and attempts = 1"
                ) == 220)
            #expect(
                try await queue.scalar(
                    """
                    select count(*) from converged.job_history h where kind = 'k'
                        and (finished_at < started_at or started_at < created_at)
                    """) == 0)
            #expect(
                try await queue.scalar(
                    """
                    select count(*) from (select started_at - created_at as waited from converged.job_history
                        where kind = 'k' order by job desc limit 20) delayed
                    where waited < interval '1 second'
                    """) == 0, "no delay is cut short")
            #expect(Set(await started.take(220)).count == 220, "each began once")
            for worker in workers {
                #expect(worker.counters().leaseLosses == 0)
                #expect(worker.counters().lapses == 0)
            }
        }
    }
}
