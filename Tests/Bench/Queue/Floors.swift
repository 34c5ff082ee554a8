import Foundation
import Postgres
import Support

/// What this machine's Postgres can do at best, measured by pgbench on a table equal to `converged.jobs`.
enum Floors {
    static let clients = [1, 2, 4]

    enum Work: String, CaseIterable {
        /// What a drain has to bring about: leases with a fence that ends are checked against, a record of each end in an equal
        /// of `converged.job_history`.
        case fencedAndRecorded = "fenced, with history"
        /// No fence, no record.
        case bare

        var script: String {
            let claim = """
                with taken as (
                    update \(QueueRig.floor) set state = 'running', leased_at = now()\(sets) where id in (
                        select id from \(QueueRig.floor) where state = 'ready' and queue = 'default' and kind = 'noop'
                        order by rank limit 500 for update skip locked)
                    returning id, fence)
                select coalesce(array_agg(id), '{}') as ids, coalesce(max(fence), 0) as fence from taken \\gset

                """
            switch self {
            case .bare: return claim + "delete from \(QueueRig.floor) where id = any (:ids::bigint[]);\n"
            case .fencedAndRecorded:
                return "select nextval('converged.fences') as lease \\gset\n" + claim + """
                    with removed as (
                        delete from \(QueueRig.floor) where id = any (:ids::bigint[]) and fence = :fence returning *)
                    insert into \(QueueRig.floorHistory)
                        (job, kind, queue, key, outcome, attempts, worker, created_at, started_at, finished_at)
                    select id, kind, queue, key, 'settled', attempt + 1, worker, created_at, leased_at, now() from removed;

                    """
            }
        }

        private var sets: String { self == .bare ? "" : ", fence = :lease, worker = 1" }
    }

    struct Reading: Sendable {
        /// Jobs a second.
        var rate: Double
        var cpuSeconds: Double
    }

    /// Claim 500, then complete those 500, two statements and commits; a reading for each number of ``clients``.
    static func claim(_ rig: QueueRig, jobs: Int, _ work: Work) async throws -> [Reading] {
        var readings: [Reading] = []
        for clients in clients {
            try await rig.refill(jobs, floor: true)
            let transactions = jobs / 500 / clients
            let before = try await Meter.read(rig)
            let rate = try await PgBench.run(rig, script: work.script, clients: clients, transactions: transactions)
            let spent = try await Meter.read(rig) - before
            let left: Int = try await rig.owner.query("select count(*) from \(raw: QueueRig.floor)").scalar()
            let share = Double(jobs - left) / Double(transactions * clients * 500)
            let reading = Reading(rate: rate * 500 * share, cpuSeconds: spent.cpuSeconds)
            say("  pgbench claim 500 + complete 500, \(work.rawValue), \(clients) clients: \(Int(reading.rate)) jobs/s")
            readings.append(reading)
        }
        return readings
    }

    /// Jobs a second: COPY of 1000 rows a transaction. The best of 1, 2 and 4 clients.
    static func copy(_ rig: QueueRig, jobs: Int) async throws -> Double {
        let file = rig.cluster.folder + "/rows.tsv"
        try CopyRows.block.write(to: URL(fileURLWithPath: file))
        let script = "copy \(QueueRig.floor) (\(CopyRows.columns)) from '\(file)';\n"
        var best = 0.0
        for clients in clients {
            try await rig.refill(0, floor: true)
            let rate = try await PgBench.run(
                rig, script: script, clients: clients, transactions: jobs / CopyRows.count / clients)
            let count = Double(CopyRows.count)
            say("  pgbench COPY of \(CopyRows.count), \(clients) clients: \(Int(rate * count)) jobs/s")
            best = max(best, rate * count)
        }
        return best
    }
}

/// A block of jobs in COPY's text format.
enum CopyRows {
    static let count = 1_000
    static let columns = QueueRig.columns
    static let block: Data = {
        let row =
            "noop\tdefault\t4\t2026-01-01 00:00:00+00\t2026-01-01 00:01:00+00\t2026-01-01 00:00:00+00\t2026-01-01 00:00:00+00\n"
        return Data(String(repeating: row, count: count).utf8)
    }()
}
