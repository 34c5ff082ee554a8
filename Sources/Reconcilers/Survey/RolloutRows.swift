import FoundationEssentials
import Postgres

extension RolloutProgress {
    /// Only machines that have been healthy once take part: new ones take the present profile by themselves.
    static func read(_ profile: String, generation: Int64, from database: Database) async throws -> RolloutProgress {
        let rows = try await database.query(
            """
            select m.id, m.profile_generation < \(generation), m.status = 'error',
                \(Wakes.isUnderway) or ready.status is distinct from 'True'
                    or exists (select from converged.wakes w where w.kind = 'machine' and w.key = m.id::text)
            from converged.machines m
                left join converged.conditions ready
                    on ready.kind = 'machine' and ready.key = m.id::text and ready.type = 'Ready'
            where m.profile = \(profile) and m.deleted_at is null and m.running_at is not null
                and m.profile_generation > 0
            order by m.status_at nulls first, m.id
            """)
        var progress = RolloutProgress(profile: profile, generation: generation)
        progress.total = rows.count
        for row in rows {
            let (id, isPending, isBroken, isBusy) = try row.decode((UUID, Bool, Bool, Bool).self)
            switch (isPending, isBroken) {
            case (true, true): progress.pendingBroken.append(id)
            case (true, false): progress.pending.append(id)
            case (false, true): progress.failed.append(id)
            case (false, false):
                if isBusy { progress.unready += 1 } else { progress.ready += 1 }
            }
        }
        return progress
    }

    /// Opens the gate for these machines and wakes them, unless the profile has changed again meanwhile.
    func letThrough(_ machines: [UUID]) -> SQL {
        """
        with moved as (
            update converged.machines m set profile_generation = p.generation
            from converged.machine_profiles p
            where p.name = m.profile and p.name = \(profile) and p.generation = \(generation)
                and m.id = any (\(machines)::uuid[]) and m.profile_generation < p.generation
            returning m.id
        ), woken as (
            insert into converged.wakes (kind, key, urgent, at)
            select 'machine', id::text, false, converged.now() from moved returning 1)
        select pg_notify('converged_jobs', '') from woken limit 1
        """
    }

    /// The condition of the profile after a step.
    func condition(after step: RolloutStep) -> FleetCondition {
        let left = pending.count + pendingBroken.count
        let (status, reason, message): (FleetCondition.Status, Reason, String) =
            switch step {
            case .done:
                (.yes, .rolledOut, "generation \(generation)" + (failed.isEmpty ? "" : "; \(failed.count) in error"))
            case .halt(let machine):
                (
                    .no, .rolloutHalted,
                    "generation \(generation): machine/\(machine.uuidString.lowercased()) is in error after the change; \(left) of \(total) stay as they are"
                )
            case .wait, .letThrough: (.no, .rollingOut, "generation \(generation): \(left) of \(total) to go")
            }
        return FleetCondition(
            key: "profile/\(profile)", type: .rolledOut, status: status, reason: reason, message: message,
            generation: generation)
    }
}
