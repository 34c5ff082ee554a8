import FoundationEssentials
import Postgres

/// The statements of the transaction that ends a run.
extension MachineReport {
    /// - Parameter stored: the row as it is, so that only changes are written.
    func writes(_ view: MachineView, stored: MachineMemory) -> [SQL] {
        var after = memory
        if after != stored { after.statusAt = view.now }
        return [after.update(view.desired.id, since: stored), conditionWrite(view)].compactMap { $0 }
    }

    /// Upsert of all conditions; `since` moves only when status or reason do, and then Ready leaves an event, too.
    private func conditionWrite(_ view: MachineView) -> SQL {
        """
        with told as (
            select * from unnest(
                \(conditions.map(\.type))::text[], \(conditions.map(\.status))::text[],
                \(conditions.map(\.reason.rawValue))::text[], \(conditions.map(\.message))::text[]) t (type, status, reason, message)
        ), noted as (
            insert into converged.events (kind, key, actor, reason, message)
            select 'machine', \(view.desired.ownerMark)::text, 'converged', t.reason, t.message
            from told t left join converged.conditions c
                on c.kind = 'machine' and c.key = \(view.desired.ownerMark) and c.type = t.type
            where t.type = 'Ready' and (c.status, c.reason) is distinct from (t.status, t.reason)
        )
        insert into converged.conditions as c (kind, key, type, status, reason, message, generation, since)
        select 'machine', \(view.desired.ownerMark)::text, type, status, reason, message,
            \(view.desired.generation)::bigint, converged.now()
        from told
        on conflict (kind, key, type) do update set status = excluded.status, reason = excluded.reason,
            message = excluded.message, generation = excluded.generation,
            since = case when (c.status, c.reason) = (excluded.status, excluded.reason) then c.since
                else excluded.since end
        where (c.status, c.reason, c.message, c.generation)
            is distinct from (excluded.status, excluded.reason, excluded.message, excluded.generation)
        """
    }

    /// The row and what was told of it go; an event stays.
    static func release(_ view: MachineView) -> [SQL] {
        let key = view.desired.ownerMark
        return [
            "delete from converged.conditions where kind = 'machine' and key = \(key)",
            "delete from converged.traces where kind = 'machine' and key = \(key)",
            "delete from converged.machines where id = \(view.desired.id) and deleted_at is not null",
            """
            insert into converged.events (kind, key, actor, reason, message)
            values ('machine', \(key), 'converged', 'Deleted', \(view.memory.app ?? "never provisioned"))
            """,
        ]
    }
}
