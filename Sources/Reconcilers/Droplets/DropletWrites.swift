import FoundationEssentials
import Postgres
import Vendors

/// The statements of a survey's end.
extension DropletReport {
    var writes: [SQL] {
        var writes = [
            Self.status(row, row.isDeleting ? "deleting" : "reachable", version: version),
            Records.conditions(
                kind: "droplet", key: row.name, generation: row.generation, [ready, surveyed, repairsHeld]),
        ]
        if isBack {
            writes.append(DropletFreeze.wakeAll(on: row.name))
        } else {
            let woken = Set(others + repairs.allowed)
            let keys = rows.filter { woken.contains($0.id) }
            if !keys.isEmpty { writes.append(wake(keys)) }
        }
        for stability in told { writes += stability.writes }
        writes += orphanWrites + acceptance
        return writes
    }

    private var ready: ConditionToTell {
        guard row.isDeleting else { return ConditionToTell(DropletMemory.Condition.ready, "True", .surveyed) }
        return ConditionToTell(
            DropletMemory.Condition.ready, "False", .deleting,
            "\(census.listed) containers with its mark are left: `docker ps -a --filter label=\(Marks.droplet)=\(row.name)`, remove them"
        )
    }

    private func wake(_ keys: [ExpectedContainer]) -> SQL {
        """
        with woken as (
            insert into converged.wakes (kind, key, urgent, at)
            select converged.kind_at(t.kind, \(row.name)), t.key, false, converged.now()
            from unnest(\(keys.map(\.kind))::text[], \(keys.map(\.key))::text[]) t (kind, key)
            returning 1)
        select pg_notify('converged_jobs', '') from woken limit 1
        """
    }

    /// Listed, never removed by us: somebody may need what is in them.
    private var orphanWrites: [SQL] {
        let orphans = census.orphans
        return [
            """
            delete from converged.orphans
            where vendor = 'docker' and app = \(row.name) and id <> all (\(orphans.map(\.id))::text[])
            """,
            """
            insert into converged.orphans as o (vendor, type, id, app, name, first_seen, last_seen)
            select 'docker', 'container', t.id, \(row.name), t.name, converged.now(), converged.now()
            from unnest(\(orphans.map(\.id))::text[], \(orphans.map(\.name))::text[]) t (id, name)
            on conflict (vendor, type, id) do update set last_seen = excluded.last_seen, name = excluded.name
            """,
        ]
    }

    private var acceptance: [SQL] {
        let type = DropletMemory.Condition.accepted
        guard accepted > 0 else {
            guard memory.accepted > 0 else { return [] }
            return [
                "delete from converged.conditions where kind = 'droplet' and key = \(row.name) and type = \(type)"
            ]
        }
        let text = "\(accepted) missing containers are accepted as gone and made anew, a tenth at a time"
        return [
            Records.conditions(
                kind: "droplet", key: row.name, generation: Int64(accepted),
                [ConditionToTell(type, "True", .surveyed, text)])
        ]
    }

    /// Nobody can say what is there: its status, and the word Unknown for everything on it.
    static func closed(_ row: DropletRow, _ reason: Reason, _ why: String) -> [SQL] {
        let state = row.isDeleting ? "deleting" : reason == .anotherEngine ? "unknown" : "unreachable"
        let condition = ConditionToTell(
            DropletMemory.Condition.ready, reason == .hostUnreachable ? "Unknown" : "False", reason, why)
        return [
            status(row, state, version: row.engineVersion),
            Records.conditions(kind: "droplet", key: row.name, generation: row.generation, [condition]),
            DropletFreeze.tell(reason, on: row.name),
        ]
    }

    private static func status(_ row: DropletRow, _ status: String, version: String?) -> SQL {
        """
        update converged.droplets set status = \(status), engine_version = \(version),
            observed_generation = \(row.generation), status_at = converged.now()
        where name = \(row.name) and (status, engine_version, observed_generation)
            is distinct from (\(status)::text, \(version)::text, \(row.generation)::bigint)
        """
    }

    /// The row and what was told of it go; an event stays.
    static func release(_ row: DropletRow) -> [SQL] {
        [
            "delete from converged.orphans where vendor = 'docker' and app = \(row.name)",
            "delete from converged.containers where droplet = \(row.name)",
            "delete from converged.droplets where name = \(row.name) and deleted_at is not null",
            Records.event(kind: "droplet", key: row.name, reason: "Deleted", message: "nothing of it is left"),
        ] + Records.forget(kind: "droplet", key: row.name)
    }
}
