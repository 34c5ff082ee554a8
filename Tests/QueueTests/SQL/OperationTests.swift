import Postgres
import Support
import Testing

@testable import Queue

/// What operators do, as operators: through the role that they have.
@Suite struct OperationTests {
    func ask(_ queue: QueueBench, _ sql: SQL) async throws -> String {
        let database = queue.test.open(role: "converged_operator")
        defer { Task { await database.close(grace: .zero) } }
        return try await database.query(sql).scalar()
    }

    func refusal(_ queue: QueueBench, _ sql: SQL) async throws -> String? {
        try await #require(throws: PostgresError.self) { try await ask(queue, sql) }.sqlState
    }

    @Test func pausesAnswerInWords() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            _ = try await queue.lease(worker)
            #expect(
                try await ask(queue, "select converged.pause('k', 'a', 'surgery')")
                    == "paused k/a; 1 running now will end normally")
            #expect(
                try await ask(queue, "select converged.pause('typo')")
                    == "paused typo; 0 running now will end normally; no worker runs this kind at present")
            let by: String = try await queue.scalar(
                "select paused_by from converged.pauses where key = 'a' and reason = 'surgery'")
            #expect(by == "converged_operator")
            #expect(try await ask(queue, "select converged.resume('k', 'a')") == "resumed k/a")
            #expect(try await refusal(queue, "select converged.resume('k', 'a')") == QueueSQLState.notFound)
        }
    }

    @Test func aWaitingJobIsCancelledAtOnce() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            let lease = try await queue.lease(worker)
            try await queue.finish(lease, .again, after: .seconds(60))
            #expect(try await ask(queue, "select converged.cancel(\(lease.job))") == "cancelled job \(lease.job)")
            #expect(try await queue.history("a") == ["cancelled"])
            #expect(try await refusal(queue, "select converged.cancel(\(lease.job))") == QueueSQLState.notFound)
        }
    }

    @Test func theWorkerOfARunningJobIsAskedToStopIt() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            let lease = try await queue.lease(worker)
            _ = try await ask(queue, "select converged.cancel(\(lease.job))")
            _ = try await ask(queue, "select converged.cancel(\(lease.job))")
            let asked: [Int64] = try await queue.daemon.query("select cancelled from converged.heartbeat(\(worker))")[0]
                .decode(0)
            #expect(asked == [lease.job])
            try await queue.finish(lease, .cancelled)
            #expect(try await queue.scalar("select count(*) from converged.cancellations") == 0)
            #expect(try await queue.history("a") == ["cancelled"])
        }
    }

    @Test func aDeadJobLivesAgainOrGoes() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            for key in ["again", "gone", "rival"] {
                try await queue.wake(key)
                for _ in 0..<2 {
                    try await queue.finish(try await queue.lease(worker, [FinishTests.mortal]), .retry, after: .zero)
                }
            }
            func dead(_ key: String) async throws -> Int64 {
                try await queue.scalar("select id from converged.dead_jobs where key = \(key)")
            }
            let again = try await dead("again")
            #expect(try await ask(queue, "select converged.retry(\(again))") == "job \(again) lives again")
            let lease = try await queue.lease(worker, [FinishTests.mortal])
            #expect(lease.job == again && lease.attempt == 0)
            #expect(try await refusal(queue, "select converged.retry(\(again))") == QueueSQLState.conflict)
            let gone = try await dead("gone")
            #expect(try await ask(queue, "select converged.cancel(\(gone))") == "cancelled job \(gone)")
            #expect(try await refusal(queue, "select converged.retry(\(gone))") == QueueSQLState.notFound)
            try await queue.wake("rival")
            _ = try await queue.fold(worker)
            let rival = try await dead("rival")
            #expect(try await refusal(queue, "select converged.retry(\(rival))") == QueueSQLState.conflict)
            #expect(try await dead("rival") == rival, "a refusal changes nothing")
        }
    }

    @Test func aJobInBackOffIsRunNow() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.wake("a")
            let lease = try await queue.lease(worker)
            try await queue.finish(lease, .retry, after: .seconds(600))
            #expect(try await ask(queue, "select converged.retry(\(lease.job))") == "job \(lease.job) is due now")
            #expect(try await queue.lease(worker).attempt == 0)
        }
    }

    @Test func theWebAppReachesNoneOfThis() async throws {
        try await QueueBench.with { queue in
            let web = queue.test.open(role: "converged_web")
            let calls: [SQL] = [
                "select converged.wake('k', 'a', true)", "select converged.pause('k')",
                "select converged.retry(1)",
                "select converged.heartbeat(1)", "select converged.rescue(0, interval '0', true)",
                "select 1 from converged.jobs",
            ]
            for call in calls {
                let error = try await #require(throws: PostgresError.self) { try await web.query(call) }
                #expect(error.sqlState == "42501")
            }
            await web.close()
        }
    }
}
