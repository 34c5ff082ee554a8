import Foundation
import Postgres
import Support

/// What this machine's Postgres can do at best, measured by pgbench on a table equal to `converged.jobs`.
enum Floors {
    static let clients = [1, 2, 4]

    /// Jobs a second: claim 500, then complete those 500, two statements and commits. The best of 1, 2 and 4 clients.
    static func claim(_ rig: QueueRig, jobs: Int) async throws -> (rate: Double, cpuSeconds: Double) {
        let script = """
            with taken as (
                update \(QueueRig.floor) set state = 'running', leased_at = now() where id in (
                    select id from \(QueueRig.floor) where state = 'ready' and queue = 'default' and kind = 'noop'
                    order by rank limit 500 for update skip locked)
                returning id)
            select coalesce(array_agg(id), '{}') as ids from taken \\gset
            delete from \(QueueRig.floor) where id = any (:ids::bigint[]);

            """
        var best = (rate: 0.0, cpuSeconds: 0.0)
        for clients in clients {
            try await rig.refill(jobs, floor: true)
            let transactions = jobs / 500 / clients
            let before = try await Meter.read(rig)
            let rate = try await PgBench.run(rig, script: script, clients: clients, transactions: transactions)
            let spent = try await Meter.read(rig) - before
            let left: Int = try await rig.owner.query("select count(*) from \(raw: QueueRig.floor)").scalar()
            let share = Double(jobs - left) / Double(transactions * clients * 500)
            say("  pgbench claim 500 + complete 500, \(clients) clients: \(Int(rate * 500 * share)) jobs/s")
            if rate * 500 * share > best.rate { best = (rate * 500 * share, spent.cpuSeconds) }
        }
        return best
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
