import FoundationEssentials
import Postgres

/// Wakes of machine jobs in bulk, one statement each.
enum Wakes {
    /// Reasons that end only with a changed row or profile: looking again cannot help.
    static let terminal: [Reason] = [
        .unknownProfile, .invalidImage, .invalidRegion, .invalidEnvironment, .specRefused, .volumeCannotShrink,
        .nameTaken, .foreignMachine, .quotaExceeded, .volumeLost, .keyRingMissing,
    ]

    /// True of a machine `m` whose job is running, due, in a back-off, or comes back at a time of its own choice.
    static let isUnderway: SQL = """
        exists (
            select from converged.jobs j
            where j.kind = 'machine' and j.key = m.id::text
                and (j.state <> 'ready' or j.attempt > 0 or j.run_at <= converged.now()
                    or not exists (
                        select from converged.conditions c
                        where c.kind = 'machine' and c.key = j.key and c.type = 'Ready' and c.status = 'True')))
        """

    /// True of a machine `m` whose answer to this generation is final.
    static var isBlocked: SQL {
        """
        exists (
            select from converged.conditions c
            where c.kind = 'machine' and c.key = m.id::text and c.type = 'Ready' and c.status <> 'True'
                and c.generation = m.generation and c.reason = any (\(terminal.map(\.rawValue))::text[]))
        """
    }

    /// Wakes those that nobody is looking at already.
    static func wake(_ rows: [UUID]) -> SQL {
        """
        with woken as (
            insert into converged.wakes (kind, key, urgent, at)
            select 'machine', m.id::text, false, converged.now()
            from converged.machines m
            where m.id = any (\(rows)::uuid[]) and not \(isUnderway) and not \(isBlocked)
            returning 1)
        select pg_notify('converged_jobs', '') from woken limit 1
        """
    }

    /// A turn of the slow rotation that looks at machines one by one, because no list shows their checks. The turn
    /// follows from time alone, so that it moves on whatever the looks find and whichever daemon surveys.
    static func checkups(_ count: Int, every interval: Duration) -> SQL {
        """
        with candidates as (
            select m.id, row_number() over (order by m.id) - 1 as place, count(*) over () as total
            from converged.machines m join converged.machine_profiles p on p.name = m.profile
            where p.app_mode = 'per_user' and m.status = 'running' and m.deleted_at is null
        ), turn as (
            select floor(extract(epoch from converged.now())
                / greatest(1, extract(epoch from \(interval)::interval)))::bigint * \(count) as first
        ), woken as (
            insert into converged.wakes (kind, key, urgent, at)
            select 'machine', m.id::text, false, converged.now()
            from candidates m, turn
            where (m.place - turn.first % m.total + m.total) % m.total < \(count) and not \(isUnderway)
            returning 1)
        select pg_notify('converged_jobs', '') from woken limit 1
        """
    }
}
