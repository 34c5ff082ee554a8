import Postgres
import Support
import Synchronization
import Testing

@testable import Queue

/// Workers and schedules together.
@Suite(.timeLimit(.minutes(5))) struct SchedulingTests {
    @Test func aWorkerRunsWhatFallsDue() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.args ?? "")
                return Verdict(.settled(next: nil))
            }
            try await queue.schedule("s", "spec, args", "'@every 1s', '{\"days\": 7}'")
            let adjust: (inout WorkerSettings) -> Void = { $0.scheduleInterval = .milliseconds(200) }
            try await queue.running(queue.worker("a", [kind], adjust), queue.worker("b", [kind], adjust)) {
                #expect(await notes.take(2) == [#"{"days": 7}"#, #"{"days": 7}"#])
            }
            let ticks: [String] = try await queue.admin.query(
                """
                select (extract(epoch from s.last_at - s.created_at) % 1)::numeric(3, 1)::text
                from converged.schedules s
                """
            ).column(0)
            #expect(ticks == ["0.0"], "whole seconds from the anchor on")
        }
    }

    @Test func aLostDatabaseDelaysATickAndLosesNone() async throws {
        try await QueueBench.with { queue in
            let notes = Notes()
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.kind)
                return Verdict(.settled(next: nil))
            }
            let worker = queue.worker("w", [kind]) { $0.scheduleInterval = .milliseconds(100) }
            try await queue.running(worker) {
                try await eventually("it is at work") { worker.progress().lastHeartbeat != nil }
                try await queue.test.terminateSessions()
                try await eventually("a connection is back") {
                    (try? await queue.schedule("s", "spec", "'@every 1s'")) != nil
                }
                try await queue.test.terminateSessions()
                #expect(await notes.next() == "k")
            }
        }
    }

    @Test func aDrainingWorkerMakesNoJobs() async throws {
        try await QueueBench.with { queue in
            let worker = queue.worker("w", [QueueBench.plain]) {
                $0.scheduleInterval = .milliseconds(20)
                $0.heartbeatInterval = .milliseconds(20)
            }
            try await queue.running(worker) {
                try await eventually("it is registered") {
                    try await queue.scalar("select count(*) from converged.workers") == 1
                }
                try await queue.admin.query("update converged.workers set draining = true")
                try await eventually("it heard of it") { worker.ledger.withLock(\.isDraining) }
                // A look that was under way before ends first.
                try await queue.schedule("s", "spec, next_at", "'@hourly', now() + interval '1 hour'")
                let beats = worker.progress().lastHeartbeat
                try await moveClock(of: queue.admin, by: .seconds(7_200))
                try await queue.admin.query("update converged.workers set seen_at = converged.now()")
                try await eventually("it lives on") { worker.progress().lastHeartbeat != beats }
                #expect(try await queue.schedule("s", "last_job") == "")
            }
        }
    }
}
