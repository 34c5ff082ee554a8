import Postgres

/// What is said of a droplet's PAs and services while nobody can see them.
enum DropletFreeze {
    /// Their condition Ready is Unknown, with the droplet's reason: nothing follows from an engine that does not answer.
    ///
    /// - Parameter only: one key; nil: all of them.
    static func tell(_ reason: Reason, on droplet: String, only key: String? = nil) -> SQL {
        // The same text for as long as it lasts, or everything on the droplet would be written again with each try.
        let message = "nobody can see what runs on droplet \(droplet): `converged droplets show \(droplet)` tells why"
        return """
            with told as (
                select o.kind, o.key, o.generation from (\(Self.objects(on: droplet))) o
                where \(key)::text is null or o.key = \(key)::text
            ), noted as (
                insert into converged.events (kind, key, actor, reason, message)
                select o.kind, o.key, 'converged', \(reason.rawValue), \(message)
                from told o left join converged.conditions c on c.kind = o.kind and c.key = o.key and c.type = 'Ready'
                where (c.status, c.reason) is distinct from ('Unknown', \(reason.rawValue))
            )
            insert into converged.conditions as c (kind, key, type, status, reason, message, generation, since)
            select kind, key, 'Ready', 'Unknown', \(reason.rawValue), \(message), generation, converged.now() from told
            on conflict (kind, key, type) do update set status = excluded.status, reason = excluded.reason,
                message = excluded.message, generation = excluded.generation,
                since = case when (c.status, c.reason) = (excluded.status, excluded.reason) then c.since
                    else excluded.since end
            where (c.status, c.reason, c.message, c.generation)
                is distinct from (excluded.status, excluded.reason, excluded.message, excluded.generation)
            """
    }

    /// Everything on it is looked at once: what was true before may not be any more.
    static func wakeAll(on droplet: String) -> SQL {
        """
        with woken as (
            insert into converged.wakes (kind, key, urgent, at)
            select converged.kind_at(kind, \(droplet)), key, false, converged.now() from (\(Self.objects(on: droplet))) o
            union all select converged.kind_at('routes', \(droplet)), \(droplet), false, converged.now()
            returning 1)
        select pg_notify('converged_jobs', '') from woken limit 1
        """
    }

    private static func objects(on droplet: String) -> SQL {
        """
        select 'pa' as kind, id::text as key, generation from converged.pas where droplet = \(droplet)
        union all
        select 'service', id::text, generation from converged.services where droplet = \(droplet)
        """
    }
}
