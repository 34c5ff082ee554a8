import Postgres
import Support
import Testing

@testable import Queue

/// Through PgBouncer in transaction mode, where no session belongs to a client.
@Suite(.timeLimit(.minutes(5))) struct PoolerTests {
    func with(_ body: (QueueBench, PgBouncer) async throws -> Void) async throws {
        try await QueueBench.with { queue in
            let bouncer = try await PgBouncer.start(queue.test)
            do {
                try await body(queue, bouncer)
                await bouncer.stop()
            } catch {
                await bouncer.stop()
                throw error
            }
        }
    }

    @Test func clientsEnqueueAndCancelInsideTheirTransactions() async throws {
        struct Undo: Error {}
        try await with { queue, bouncer in
            let web = bouncer.open(role: "converged_web")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        do {
                            try await web.transaction { client in
                                let job: Int64 = try await client.query(
                                    "select converged.enqueue('k', key => \("\(number)"))"
                                ).scalar()
                                let many = #"[{"kind": "k"}, {"kind": "k", "needs": [\#(job)]}]"#
                                let made: [Int64] = try await client.query(
                                    "select converged.enqueue_many(\(many)::jsonb)"
                                ).scalar()
                                try await client.query("select converged.cancel(\(made[0]))")
                                if number >= 8 { throw Undo() }
                            }
                        } catch is Undo {}
                    }
                }
                try await group.waitForAll()
            }
            let states: [String] = try await queue.admin.query(
                "select state || ' ' || count(*) from converged.jobs group by state order by 1"
            ).column(0)
            #expect(states == ["ready 8", "waiting 8"])
            #expect(
                try await queue.scalar("select count(*) from converged.job_history where outcome = 'cancelled'") == 8)
            await web.close()
        }
    }

    @Test func aWorkerWithoutListenWorks() async throws {
        try await with { queue, bouncer in
            let (notes, never) = (Notes(), Gate())
            let kind = JobKind(name: "k") { lease in
                notes.add(lease.key ?? "")
                if lease.key == "endless" { try await never.pass() }
                return Verdict(.settled(next: nil), writes: lease.key == "a" ? ["select 1"] : [])
            }
            let (web, daemon) = (bouncer.open(role: "converged_web"), bouncer.open(role: "converged_daemon"))
            let worker = queue.worker("w", [kind], on: daemon) {
                $0.listens = false
                $0.pollInterval = .milliseconds(100)
                $0.heartbeatInterval = .milliseconds(100)
            }
            try await queue.running(worker) {
                try await web.query("select converged.enqueue('k', key => 'a')")
                #expect(await notes.next() == "a")
                try await eventually("it is settled") { try await queue.history("a") == ["settled"] }
                let endless: Int64 = try await web.query("select converged.enqueue('k', key => 'endless')").scalar()
                #expect(await notes.next() == "endless")
                try await web.query("select converged.cancel(\(endless))")
                try await eventually("it is cancelled") { try await queue.history("endless") == ["cancelled"] }
                let many = "[" + Array(repeating: #"{"kind": "k"}"#, count: 300).joined(separator: ",") + "]"
                try await web.query("select converged.enqueue_many(\(many)::jsonb)")
                #expect(await notes.take(300).count == 300)
                let sessions: Int = try await queue.scalar(
                    "select count(*) from pg_stat_activity where datname = current_database() and usename = 'converged_daemon'"
                )
                #expect(1...PgBouncer.sessions ~= sessions, "it went through the pooler")
            }
            #expect(worker.counters().failedTurns == 0 && worker.counters().leaseLosses == 0)
            #expect(
                try await queue.scalar("select count(*) from converged.job_history where outcome = 'settled'") >= 301)
            await web.close()
            await daemon.close()
        }
    }
}
