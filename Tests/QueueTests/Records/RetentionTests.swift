import Postgres
import Support
import Testing

@testable import Queue

/// Records stay as long as their queue says.
@Suite(.timeLimit(.minutes(5))) struct RetentionTests {
    private func prepare(_ queue: QueueBench) async throws {
        try await queue.admin.script(
            """
            insert into converged.queues (name, keep_settled, keep_failed, keep_dead)
            values ('brief', '1 day', '3 days', '2 days'), ('long', '30 days', '30 days', '400 days');
            insert into converged.job_history
                (job, kind, queue, outcome, attempts, created_at, finished_at)
            select row_number() over (), 'k', queue, outcome, 1, now() - age, now() - age
            from unnest(array['brief', 'default', 'long']) queue,
                unnest(array['settled', 'blocked']) outcome,
                unnest(array['12 hours', '2 days', '10 days', '20 days']::interval[]) age;
            insert into converged.dead_jobs
                (id, kind, queue, priority, attempts, message, created_at, died_at)
            select row_number() over () + 100, 'k', queue, 0, 1, '', now(), now() - age
            from unnest(array['brief', 'default', 'long']) queue, unnest(array['1 day', '3 days', '91 days']::interval[]) age;
            """)
    }

    private func kept(_ queue: QueueBench) async throws -> [String] {
        try await queue.admin.query(
            """
            select queue || ' ' || outcome || ' ' || count(*) from converged.job_history
            where kind = 'k' and message is null group by queue, outcome order by 1
            """
        ).column(0)
    }

    @Test func upkeepRemovesWhatItsQueueKeepsNoLonger() async throws {
        try await QueueBench.with { queue in
            try await prepare(queue)
            try await queue.running(queue.worker("w", [])) {
                try await eventually("upkeep is done") { try await queue.history("partitions") == ["settled"] }
            }
            #expect(
                try await kept(queue) == [
                    "brief blocked 2", "brief settled 1", "default blocked 3", "default settled 3", "long blocked 4",
                    "long settled 4",
                ])
            let dead: [String] = try await queue.admin.query(
                "select queue || ' ' || count(*) from converged.dead_jobs group by queue order by 1"
            ).column(0)
            #expect(dead == ["brief 1", "default 2", "long 3"])
        }
    }

    @Test func oneBatchRemovesNoMoreThanItMay() async throws {
        try await QueueBench.with { queue in
            try await prepare(queue)
            // 5 of brief and 2 of default are too old.
            for expected in [3, 3, 1, 0] {
                #expect(try await queue.daemon.query("select converged.trim_history(3)").scalar() == expected)
            }
            for expected in [2, 1, 0] {
                #expect(try await queue.daemon.query("select converged.trim_dead_jobs(2)").scalar() == expected)
            }
        }
    }

    @Test func partitionsStayAsLongAsAQueueWantsThem() async throws {
        try await QueueBench.with { queue in
            try await queue.admin.script(
                """
                update converged.partitioned set retention_days = 1;
                update converged.queues set keep_settled = '20 days';
                update converged.clock set shift = '19 days';
                """)
            let first: SQL = """
                select to_regclass('converged.job_history_' || to_char(now() at time zone 'UTC', 'YYYYMMDD')) is not null
                """
            try await queue.daemon.query("select converged.keep_partitions()")
            #expect(try await queue.scalar(first) == true)
            try await queue.admin.query("update converged.clock set shift = '22 days'")
            try await queue.daemon.query("select converged.keep_partitions()")
            #expect(try await queue.scalar(first) == false)
        }
    }

    @Test func whatWaitsForADeadLetterThatGoesDoesNotRun() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            let kind = JobKind(name: "k", maxAttempts: 1) { _ in Verdict(.settled(next: nil)) }
            try await queue.daemon.batch(JobKind.registration([kind]))
            let needed: Int64 = try await queue.scalar("select converged.enqueue('k')")
            try await queue.admin.query(
                "select converged.enqueue('k', key => 'next', needs => array[\(needed)]::bigint[])")
            let lease = try await queue.lease(worker, [kind])
            _ = try await lease.step("one") { "1" }
            #expect(try await queue.finish(lease, .retry, after: .zero) == .dead)
            try await moveClock(of: queue.admin, by: .seconds(91 * 86_400))
            #expect(try await queue.daemon.query("select converged.trim_dead_jobs(10)").scalar() == 1)
            #expect(try await queue.history("next") == ["cancelled"])
            #expect(try await queue.scalar("select count(*) from converged.job_steps") == 0)
        }
    }
}
