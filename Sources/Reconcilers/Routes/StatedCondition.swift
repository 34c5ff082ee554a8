import Postgres

/// One condition of an object, and how it is written: only when it differs, with an event when status or reason change.
struct StatedCondition: Sendable, Equatable {
    var kind: String
    var key: String
    var type: String
    /// `True`, `False` or `Unknown`.
    var status: String
    var reason: Reason
    var message: String
    var generation: Int64 = 0

    /// What is as it should be needs no first event.
    var writes: [SQL] {
        [
            """
            insert into converged.events (kind, key, actor, reason, message)
            select \(kind), \(key), 'converged', \(reason.rawValue), \(message)
            where coalesce(
                (select status || reason from converged.conditions
                 where kind = \(kind) and key = \(key) and type = \(type)),
                case \(status) when 'True' then 'True' || \(reason.rawValue) else '' end) <> \(status) || \(reason.rawValue)
            """,
            """
            insert into converged.conditions as c (kind, key, type, status, reason, message, generation, since)
            values (\(kind), \(key), \(type), \(status), \(reason.rawValue), \(message), \(generation), converged.now())
            on conflict (kind, key, type) do update set
                status = excluded.status, reason = excluded.reason, message = excluded.message,
                generation = excluded.generation,
                since = case when (c.status, c.reason) = (excluded.status, excluded.reason) then c.since
                    else excluded.since end
            where (c.status, c.reason, c.message, c.generation)
                is distinct from (excluded.status, excluded.reason, excluded.message, excluded.generation)
            """,
        ]
    }
}
