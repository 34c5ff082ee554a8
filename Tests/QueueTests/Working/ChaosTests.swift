import Foundation
import Postgres
import Support
import Testing

@testable import Queue

/// Worker processes that die at any moment, or stand still for longer than their lease.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ChaosTests {
    static let tables = """
        create table chaos (
            id bigserial primary key, job bigint not null, key text, pid integer not null, started timestamptz not null,
            ended timestamptz);
        create table chaos_writes (job bigint not null);
        create table chaos_workers (pid integer primary key, losses bigint not null, lapses bigint not null);
        create table killed (pid integer primary key, at timestamptz not null);
        grant all on chaos, chaos_writes, chaos_workers to converged_daemon;
        grant all on sequence chaos_id_seq to converged_daemon;
        """

    func start(_ queue: QueueBench, _ folder: String, _ name: String, _ mode: String = "quick") async throws
        -> ChildProcess
    {
        try await ChildProcess.start(
            [Command.built("queue-worker"), queue.test.url(role: "converged_daemon"), name, mode], directory: folder,
            name: name)
    }

    /// Kills at random moments, and starts another in its place, so many times.
    func kill(
        _ queue: QueueBench, _ folder: String, times: Int, _ random: SharedSeed
    ) async throws -> [ChildProcess] {
        var workers: [ChildProcess] = []
        for index in 0..<4 { workers.append(try await start(queue, folder, "w\(index)")) }
        for time in 0..<times {
            try await Task.sleep(for: .milliseconds(20 + random.next(below: 400)))
            let victim = random.next(below: workers.count)
            #expect(workers[victim].isRunning, "\(workers[victim].log)")
            workers[victim].kill(SIGKILL)
            await workers[victim].wait()
            try await queue.admin.query(
                "insert into killed values (\(Int(workers[victim].processID)), clock_timestamp())")
            workers[victim] = try await start(queue, folder, "w\(4 + time)")
        }
        return workers
    }

    /// A web app that enqueues until its task is cancelled. Tells every id that it was given.
    func load(_ queue: QueueBench, _ random: SharedSeed) async throws -> Set<Int64> {
        var ids: Set<Int64> = []
        try await queue.acting(as: "converged_web") { web in
            while !Task.isCancelled {
                let keyed = (0..<3).map { _ in #"{"kind": "chaos", "key": "\#(random.next(below: 12))"}"# }
                let jobs =
                    "[" + (Array(repeating: #"{"kind": "chaos"}"#, count: 5) + keyed).joined(separator: ",") + "]"
                let made = Task {
                    try await web.query("select converged.enqueue_many(\(jobs)::jsonb)").scalar(as: [Int64].self)
                }
                ids.formUnion(try await made.value)
                try? await Task.sleep(for: .milliseconds(60))
            }
        }
        return ids
    }

    /// Runs of one key, or of one job, of which the second began before the first had ended or its process had died.
    static let overlaps: SQL = """
        with runs as (
            select c.id, c.job, coalesce(c.key, '#' || c.job) as key, c.started,
                coalesce(c.ended, greatest(c.started, k.at), 'infinity') as ended
            from chaos c left join killed k on k.pid = c.pid)
        select count(*) from runs a join runs b on a.key = b.key and a.id <> b.id
        where a.started <= b.started and b.started < a.ended
        """

    @Test func nothingIsLostAndNothingRunsTwiceAtOnceWhenWorkersAreKilled() async throws {
        var seed = Seed()
        let (killing, loading) = (SharedSeed(seed.next()), SharedSeed(seed.next()))
        let folder = try TemporaryFolder.make("chaos")
        try await QueueBench.with { queue in
            try await queue.admin.script(Self.tables)
            let web = Task { try await load(queue, loading) }
            let workers = try await kill(queue, folder, times: 50, killing)
            web.cancel()
            let ids = Array(try await web.value)
            #expect(ids.count > 500)
            try await eventually("all jobs have ended", within: .seconds(40)) {
                try await queue.scalar("select count(*) from converged.jobs where kind = 'chaos'") == 0
            }
            for worker in workers { worker.kill(SIGTERM) }
            for worker in workers { await worker.wait() }
            #expect(try await queue.scalar("select count(*) from killed") == 50)
            let finished: Int = try await queue.scalar(
                """
                select count(*) from unnest(\(ids)::bigint[]) as id
                where (select array_agg(outcome) from converged.job_history where job = id) = '{settled}'
                """)
            #expect(finished == ids.count, "each is in the history once")
            #expect(
                try await queue.scalar("select count(*) from converged.job_history where kind = 'chaos'") == ids.count)
            let begun: Int = try await queue.scalar(
                "select count(distinct job) from chaos where job = any (\(ids)::bigint[])")
            #expect(begun == ids.count, "each was begun")
            #expect(try await queue.scalar(Self.overlaps) == 0)
            #expect(
                try await queue.scalar("select count(*) from chaos where ended is null") > 0,
                "runs were cut off in the middle")
            let writes: Int = try await queue.scalar("select count(*) from chaos_writes")
            #expect(writes == ids.filter { $0 % 3 == 0 }.count, "writes of an end are committed once, with it")
            let unique: Int = try await queue.scalar("select count(distinct job) from chaos_writes")
            #expect(unique == writes)
        }
    }

    @Test func aProcessThatStoodStillBeyondItsLeaseIsRefused() async throws {
        let folder = try TemporaryFolder.make("chaos")
        try await QueueBench.with { queue in
            try await queue.admin.script(Self.tables)
            // One whose end goes with a claim, and one whose end is a transaction with writes.
            let ids: [Int64] = try await queue.acting(as: "converged_web") {
                try await $0.query(
                    "select array_agg(converged.enqueue('chaos')) from generate_series(1, 3)"
                ).scalar()
            }
            let stopped = try await start(queue, folder, "stopped", "deaf")
            try await eventually("it has begun all") { try await queue.scalar("select count(*) from chaos") == 3 }
            try await eventually("and nothing else is left to say") {
                try await queue.scalar("select count(*) from converged.job_history where kind = 'upkeep'") == 1
            }
            stopped.kill(SIGSTOP)
            let living = try await start(queue, folder, "living")
            try await eventually("another worker has done its work", within: .seconds(30)) {
                try await queue.scalar("select count(*) from converged.job_history where job = any (\(ids)::bigint[])")
                    == 3
            }
            #expect(
                try await queue.scalar(
                    "select count(*) from chaos where pid = \(Int(stopped.processID)) and ended is null") == 3)
            stopped.kill(SIGCONT)
            try await eventually("its late ends are counted") {
                try await queue.scalar(
                    "select count(*) from chaos_workers where pid = \(Int(stopped.processID)) and losses = 3") == 1
            }
            #expect(
                try await queue.scalar("select count(*) from converged.job_history where job = any (\(ids)::bigint[])")
                    == 3)
            let workers: [String] = try await queue.admin.query("select distinct w.name from converged.workers w")
                .column(0)
            #expect(workers == ["living"])
            #expect(try await queue.scalar("select count(*) from chaos_writes") == 1, "what the late end wrote is gone")
            for process in [stopped, living] {
                process.kill(SIGKILL)
                await process.wait()
            }
        }
    }
}
