import Postgres
import Support
import Testing

@testable import Operator

/// jobs list, show, retry, cancel, redrive, enqueue.
@Suite struct JobVerbTests {
    /// Dead jobs of kind prune, as many as errors.
    private func bury(_ office: Office, _ errors: [String]) async throws -> [Int64] {
        let worker = try await office.register(kinds: ["prune"])
        var ids: [Int64] = []
        for error in errors {
            ids.append(try await office.enqueue("max_attempts => 1"))
            let held = try await office.lease("prune", worker: worker, queue: "default")
            try await office.finish(held, "retry", afterMs: 1000, message: error)
        }
        return ids
    }

    @Test func jobsAreListedByStateKindQueueAndKey() async throws {
        try await Office.open { office in
            let worker = try await office.register()
            let running = try await office.lease(worker: worker)
            let prune = try await office.enqueue("key => 'a'")
            _ = try await office.enqueue("needs => array[\(prune)]")
            func count(_ filter: JobFilter) async throws -> Int {
                try await office.ask { try await $0.listJobs(filter, limit: 10) }.document.items.count
            }
            #expect(try await count(JobFilter()) == 4)
            #expect(try await count(JobFilter(state: .running)) == 1)
            #expect(try await count(JobFilter(state: .ready)) == 2)
            #expect(try await count(JobFilter(state: .waiting)) == 1)
            #expect(try await count(JobFilter(kind: "prune")) == 2)
            #expect(try await count(JobFilter(state: .ready, kind: "survey")) == 0)
            #expect(try await count(JobFilter(queue: "fly")) == 2)
            #expect(try await count(JobFilter(kind: "prune", key: "a")) == 1)
            let text = try await office.read { try await $0.listJobs(limit: 10) }.text
            #expect(text.split(separator: "\n")[0].contains("WHY"))
            #expect(text.contains("running on worker \(worker) (fly-1)") && text.contains("waits for job \(prune)"))
            try await office.finish(running, "settled")
            #expect(try await count(JobFilter(state: .finished, kind: "machine", queue: "fly")) == 1)
            #expect(try await count(JobFilter(state: .finished, kind: "prune")) == 0)
            let ended = try await office.read { try await $0.listJobs(JobFilter(state: .finished), limit: 10) }
            #expect(ended.text.contains("settled"))
        }
    }

    @Test func aDeadJobIsShownRetriedAndCancelled() async throws {
        try await Office.open { office in
            let id = try await bury(office, ["no luck"])[0]
            let (_, document) = try await office.ask { try await $0.showJob(id) }
            #expect(document["job"]["state"].text == "dead" && document["job"]["message"].text == "no luck")
            #expect(document["history"].items.first?["outcome"].text == "dead")
            #expect(document["errors"].items.first?["message"].text == "no luck")
            #expect(try await office.read { try await $0.retryJobs([id]) }.text == "job \(id) lives again\n")
            let text = try await office.read { try await $0.showJob(id) }.text
            #expect(text.contains("state") && text.contains("no luck"))
            #expect(try await office.read { try await $0.cancelJobs([id]) }.text == "cancelled job \(id)\n")
        }
    }

    @Test func showTellsAllThatAJobHasBesideIt() async throws {
        try await Office.open { office in
            try await office.register(kinds: ["prune"])
            let first = try await office.enqueue()
            let id = try await office.enqueue("lane => 'ada', needs => array[\(first)]")
            try await office.daemon.query(
                "insert into converged.job_progress (job, done, message) values (\(id), 0.5, 'half way')")
            try await office.daemon.query(
                "insert into converged.job_steps (job, name, output) values (\(id), 'copy', '{\"rows\": 7}')")
            _ = try await office.read { try await $0.limitKind("prune", NewLimit(perLane: 2)) }
            let (_, shown) = try await office.ask { try await $0.showJob(id) }
            let job = shown["job"]
            #expect(job["why"].text == "waits for job \(first)" && job["needs"].items == [.integer(first)])
            #expect(job["progress"] == .number(0.5) && job["progress_message"].text == "half way")
            #expect(job["lane"].text == "ada")
            #expect(shown["limits"].items.first?["max_per_lane"].integer == 2)
            #expect(shown["steps"].items.first?["output"]["rows"].integer == 7)
            let text = try await office.read { try await $0.showJob(id) }.text
            #expect(text.contains("half way") && text.contains("rows=7"))
        }
    }

    @Test func secretArgumentsAreNotShown() async throws {
        try await Office.open { office in
            try await office.daemon.query("insert into converged.kinds values ('prune', 'default', null, true)")
            let clear = await #expect(throws: PostgresError.self) { try await office.enqueue("args => '{\"p\": 1}'") }
            #expect(clear?.sqlState == "22023")
            let id = try await office.enqueue("args => '{\"sealed\": \"k1.c2VjcmV0\"}'")
            try await office.daemon.query(
                "insert into converged.job_steps (job, name, output) values (\(id), 'copy', '\"c2VjcmV0\"')")
            let (_, list) = try await office.ask { try await $0.listJobs(limit: 10) }
            #expect(list.items.last?["args"]["sealed"].text == "…")
            for text in [
                try await office.read { try await $0.showJob(id) }.text, try list.document(),
                try await office.ask { try await $0.showJob(id) }.document.document(),
            ] {
                #expect(!text.contains("c2VjcmV0"))
            }
        }
    }

    @Test func anUnknownJobIsSaid() async throws {
        try await Office.open { office in
            let error = await #expect(throws: VerbError.self) { try await office.read { try await $0.showJob(4711) } }
            #expect(error?.exit == .unknown)
            #expect(error?.message.hasPrefix("there is no job 4711") == true)
            let refusal = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.retryJobs([4711]) }
            }
            #expect(refusal?.sqlState == "CV404")
        }
    }

    @Test func ofSeveralEachCountsOnItsOwn() async throws {
        try await Office.open { office in
            let ids = try await bury(office, ["a", "b"])
            let retried = try await office.ask { try await $0.retryJobs([ids[0], 4711, ids[1]]) }
            #expect(retried.exit == .attention)
            #expect(retried.document.items.map { $0["done"].bool } == [true, false, true])
            let cancelled = try await office.read { try await $0.cancelJobs(ids) }
            #expect(cancelled.exit == .ok)
            #expect(cancelled.text == "cancelled job \(ids[0])\ncancelled job \(ids[1])\n")
        }
    }

    @Test func theDeadAreRedrivenByKindErrorAndTime() async throws {
        try await Office.open { office in
            _ = try await bury(office, ["connection refused", "connection reset", "no such file"])
            func redrive(_ filter: DeadFilter, limit: Int = 10) async throws -> Int64? {
                try await office.ask { try await $0.redriveJobs(filter, limit: limit) }.document["redriven"].integer
            }
            #expect(try await redrive(DeadFilter(kind: "mail")) == 0)
            #expect(try await redrive(DeadFilter(queue: "default", error: "such%directory")) == 0)
            #expect(try await redrive(DeadFilter(error: "connection"), limit: 1) == 1)
            try await office.owner.query("update converged.dead_jobs set died_at = died_at - interval '2 h'")
            #expect(try await redrive(DeadFilter(sinceSeconds: 3600)) == 0)
            let rest = try await office.read { try await $0.redriveJobs(DeadFilter(kind: "prune"), limit: 10) }
            #expect(rest.text == "2 dead jobs live again\n")
            let none = try await office.read { try await $0.redriveJobs(DeadFilter(), limit: 10) }
            #expect(none.exit == .ok && none.text.hasPrefix("no dead job"))
        }
    }
}
