import Foundation
import Postgres
import Support
import Testing

@testable import Queue

/// What cannot be enqueued is refused in words, and then nothing was.
@Suite struct RefusalTests {
    @Test(arguments: [
        ("'k', '[1]'", "22023", "object"),
        ("'k', '3'", "22023", "object"),
        ("'', '{}'", "22023", "kind"),
        ("null", "22023", "kind"),
        ("'k', delay => interval '-1 s'", "22023", "negative"),
        ("'k', delay => interval '1 s', run_at => now()", "22023", "exclude"),
        ("'k', run_at => 'infinity'", "22023", "time"),
        ("'k', priority => 33", "22023", "33"),
        ("'k', priority => -1", "22023", "-1"),
        ("'k', max_attempts => 0", "22023", "max_attempts"),
        ("'k', mode => 'sometimes'", "22023", "sometimes"),
        ("'k', mode => 'replace'", "22023", "key"),
        ("'k', key => ''", "22023", "key"),
        ("'k', key => repeat('x', 501)", "22023", "key"),
        ("'k', lane => repeat('x', 201)", "22023", "lane"),
        ("'k', queue => 'nowhere'", "CV404", "nowhere"),
        ("'k', needs => '{4711}'", "CV404", "4711"),
        ("'k', jsonb_build_object('x', repeat('x', 65537))", "54000", "65536"),
    ]) func aBadJobIsRefused(arguments: String, sqlState: String, word: String) async throws {
        try await QueueBench.with { queue in
            let error = try await queue.refusal("select converged.enqueue(\(raw: arguments))")
            #expect(error.sqlState == sqlState)
            #expect(error.message.contains(word), "\(error.message)")
            #expect(try await queue.scalar("select count(*) from converged.jobs") == 0)
        }
    }

    @Test func theLongestKindKeyAndLaneAreTaken() async throws {
        try await QueueBench.with { queue in
            // Four bytes each: the rows of the indexes still hold them.
            let job = try await queue.enqueue("repeat('😀', 100), key => repeat('😁', 500), lane => repeat('😂', 200)")
            #expect(try await queue.state(job) == "ready")
            let full = try await queue.enqueue("'k', jsonb_build_object('x', repeat('x', 65536 - 9))")
            #expect(try await queue.state(full) == "ready")
        }
    }

    @Test(arguments: [
        (#"{"kind": "k", "priority": 33}"#, 10_000, "22023"), (#"{"kind": "k", "queue": "nowhere"}"#, 50, "CV404"),
        (#"{"kind": "k", "colour": "red"}"#, 50, "22023"), (#"{"kind": "k", "priority": "high"}"#, 50, "22P02"),
        (#"{"kind": "k", "run_at": "soon"}"#, 50, "22007"), ("3", 50, "22023"), (#"{"args": {}}"#, 50, "22023"),
    ]) func oneBadRowOfManyIsNamedAndNothingIsEnqueued(bad: String, count: Int, sqlState: String) async throws {
        try await QueueBench.with { queue in
            var rows = Array(repeating: #"{"kind": "k"}"#, count: count)
            rows[count - 3] = bad
            let jobs = "[" + rows.joined(separator: ",") + "]"
            let error = try await queue.refusal("select converged.enqueue_many(\(jobs)::jsonb)")
            #expect(error.sqlState == sqlState)
            #expect(error.message.hasPrefix("job \(count - 2) of \(count): "), "\(error.message)")
            #expect(try await queue.scalar("select count(*) from converged.jobs") == 0)
        }
    }

    @Test func tooManyOrNoListAreRefused() async throws {
        try await QueueBench.with { queue in
            let jobs = "[" + Array(repeating: #"{"kind": "k"}"#, count: 10_001).joined(separator: ",") + "]"
            for (jobs, sqlState) in [(jobs, "54000"), ("{}", "22023"), ("null", "22023")] {
                let error = try await queue.refusal("select converged.enqueue_many(\(jobs)::jsonb)")
                #expect(error.sqlState == sqlState)
            }
        }
    }

    @Test func manyJobsAnswerWithTheirIdsInOrder() async throws {
        try await QueueBench.with { queue in
            let jobs = """
                [{"kind": "k", "key": "a", "args": {"n": 1}}, {"kind": "k", "key": "b", "delay": "1 hour", "args": null},
                 {"kind": "k", "key": "a", "mode": "keep"}, {"kind": "k", "lane": "x", "priority": 7, "max_attempts": 2}]
                """
            let ids: [Int64] = try await queue.acting(as: "converged_web") { web in
                let first = try await web.query("select converged.enqueue_many(\(jobs)::jsonb)").scalar(
                    as: [Int64].self)
                let need = #"[{"kind": "k", "key": "c", "needs": [\#(first[0]), \#(first[1])]}]"#
                return first
                    + (try await web.query("select converged.enqueue_many(\(need)::jsonb)").scalar(as: [Int64].self))
            }
            #expect(ids[2] == ids[0] && Set(ids).count == 4)
            #expect(try await queue.job("a", "id, args") == #"\#(ids[0]) {"n": 1}"#)
            #expect(try await queue.job("b", "id, args is null, run_at > converged.now()") == "\(ids[1]) t t")
            #expect(try await queue.job("c", "id, state") == "\(ids[4]) waiting")
        }
    }

    @Test func theWebAppEnqueuesAndTakesBackButReadsNothing() async throws {
        try await QueueBench.with { queue in
            let job = try await queue.enqueue("'k'")
            try await queue.acting(as: "converged_web") { web in
                let answer: String = try await web.query("select converged.cancel(\(job))").scalar()
                #expect(answer == "cancelled job \(job)")
            }
            #expect(try await queue.outcome(job) == "cancelled")
            let tables = ["jobs", "wakes", "job_history", "dead_jobs", "limits", "queues", "kinds"]
            let refused: [SQL] =
                tables.map { "select 1 from converged.\(raw: $0)" } + [
                    "select converged.retry(1)", "select converged.redrive_these('{1}')",
                    "select converged.meet(1, 'k', 'a', 'wake', null, null)",
                ]
            for sql in refused {
                let error = try await queue.refusal(sql)
                #expect(error.sqlState == "42501")
            }
        }
    }
}
