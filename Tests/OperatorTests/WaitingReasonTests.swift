import Postgres
import Support
import Testing

@testable import Operator

/// converged.why_waiting: each reason, made by what makes it in life, and read as the operator.
@Suite struct WaitingReasonTests {
    @Test func forOtherJobs() async throws {
        try await Office.open { office in
            let worker = try await office.register(kinds: ["prune"])
            let first = try await office.enqueue("max_attempts => 1")
            let one = try await office.enqueue("needs => array[\(first)]")
            #expect(try await office.why(one) == "waits for job \(first)")
            let several = try await office.enqueue("needs => array[\(first), \(one)]")
            #expect(try await office.why(several) == "waits for job \(first), and 1 more")
            let held = try await office.lease("prune", worker: worker, queue: "default")
            #expect(held.id == first)
            try await office.finish(held, "retry", afterMs: 1000, message: "no luck")
            #expect(try await office.why(first) == "dead after attempt 1")
            #expect(try await office.why(one) == "waits for job \(first), which is dead")
            #expect(try await office.why(several) == "waits for job \(first), which is dead, and 1 more")
        }
    }

    @Test func forATime() async throws {
        try await Office.open { office in
            let worker = try await office.register(kinds: ["prune"])
            let later = try await office.enqueue("run_at => '2100-01-02 03:04:05'")
            #expect(try await office.why(later).hasPrefix("not before 2100-01-02 03:04:05"))
            let failing = try await office.enqueue()
            try await office.finish(
                try await office.lease("prune", worker: worker, queue: "default"), "retry", afterMs: 60_000,
                message: "no")
            let why = try await office.why(failing)
            #expect(why.hasPrefix("backs off until 20") && why.hasSuffix(" after attempt 1"))
        }
    }

    @Test func forWhoeverPausedIt() async throws {
        try await Office.open { office in
            try await office.register(kinds: ["prune"])
            let job = try await office.enqueue("key => 'a'")
            #expect(try await office.why(job) == "due")
            try await office.operators.query("select converged.pause('prune', 'a')")
            #expect(try await office.why(job) == "prune/a paused by converged_operator")
            try await office.operators.query("select converged.pause('prune', '', 'incident')")
            #expect(try await office.why(job) == "kind prune paused by converged_operator: incident")
            try await office.operators.query("select converged.pause_queue('default', 'repair')")
            #expect(try await office.why(job) == "queue default paused by converged_operator: repair")
            #expect(
                try await office.why(try await office.enqueue("key => 'b', delay => '1 h'")).hasPrefix("not before "))
        }
    }

    @Test func forAWorker() async throws {
        try await Office.open { office in
            let job = try await office.enqueue()
            #expect(try await office.why(job) == "no live worker runs kind prune")
            let worker = try await office.register(kinds: ["prune"])
            try await office.operators.query("update converged.workers set draining = true")
            #expect(try await office.why(job) == "no live worker runs kind prune: 1 of them drains")
            try await office.operators.query("update converged.workers set draining = false")
            #expect(try await office.why(job) == "due")
            try await office.owner.query("insert into converged.queues (name) values ('bulk')")
            let stray = try await office.enqueue("queue => 'bulk'")
            let held = try await office.lease("prune", worker: worker, queue: "default")
            #expect(held.id == job)
            #expect(try await office.why(stray) == "workers take kind prune from queue default only")
            try await office.owner.query("update converged.workers set seen_at = seen_at - interval '1 minute'")
            #expect(try await office.why(stray) == "no live worker runs kind prune")
            #expect(try await office.why(job).contains("(fly-1), not seen since 20"))
        }
    }

    @Test func forALimit() async throws {
        try await Office.open { office in
            let worker = try await office.register(kinds: ["prune"])
            let limit: (String) async throws -> Void = {
                try await office.operators.query("select converged.set_limit(\(raw: $0))")
            }
            try await limit("'kind', 'prune', max_running => 1")
            let jobs = [try await office.enqueue("lane => 'ada'"), try await office.enqueue("lane => 'ada'")]
            let held = try await office.lease("prune", worker: worker, queue: "default")
            let other = try #require(jobs.first { $0 != held.id })
            #expect(try await office.why(other) == "limit: kind prune at most 1 running")
            try await limit("'queue', 'default', max_running => 1")
            try await limit("'kind', 'prune', max_per_lane => 1")
            #expect(try await office.why(other) == "limit: queue default at most 1 running")
            try await limit("'queue', 'default'")
            #expect(try await office.why(other) == "lane full: ada of kind prune has 1 running")
            #expect(try await office.why(try await office.enqueue("lane => 'bob'")) == "due")
        }
    }

    @Test func forItsTurnInARate() async throws {
        try await Office.open { office in
            let worker = try await office.register(kinds: ["prune"])
            try await office.operators.query(
                "select converged.set_limit('kind', 'prune', rate_per_second => 0.01, burst => 1)")
            let jobs = [try await office.enqueue(), try await office.enqueue()]
            #expect(try await office.why(jobs[0]) == "due")
            let held = try await office.lease("prune", worker: worker, queue: "default")
            let other = try #require(jobs.first { $0 != held.id })
            #expect(try await office.why(other) == "rate limit: kind prune at most 0.01 a second")
        }
    }

    @Test func whatRunsWaitsForNothing() async throws {
        try await Office.open { office in
            let worker = try await office.register(kinds: ["prune"])
            let job = try await office.enqueue()
            try await office.lease("prune", worker: worker, queue: "default")
            #expect(try await office.why(job) == "running on worker \(worker) (fly-1)")
            try await office.operators.query("select converged.cancel(\(job))")
            #expect(try await office.why(job) == "cancelling: asked by converged_operator")
        }
    }

    @Test func theWebAppIsNotAsked() async throws {
        try await Office.open { office in
            let web = office.database.open(role: "converged_web")
            let refusal = await #expect(throws: PostgresError.self) {
                try await web.query("select from converged.job_list")
            }
            await web.close()
            #expect(refusal?.sqlState == "42501")
        }
    }
}
