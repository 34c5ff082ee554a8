import Postgres

/// One condition as a run tells it.
public struct ConditionToTell: Sendable, Equatable {
    /// `Ready`, `Healthy`, …
    public var type: String
    /// `True`, `False` or `Unknown`.
    public var status: String
    public var reason: Reason
    /// For people; no secrets.
    public var message: String

    public init(_ type: String, _ status: String, _ reason: Reason, _ message: String = "") {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
    }
}

/// The statements with which every kind tells what it found: conditions (now), events (then), traces (why). They go into
/// the transaction that ends a run.
public enum Records {
    /// Upsert of all conditions; `since` moves only when status or reason do, and then Ready leaves an event, too.
    public static func conditions(
        kind: String, key: String, generation: Int64, _ told: [ConditionToTell]
    ) -> SQL {
        """
        with told as (
            select * from unnest(
                \(told.map(\.type))::text[], \(told.map(\.status))::text[],
                \(told.map(\.reason.rawValue))::text[], \(told.map(\.message))::text[]) t (type, status, reason, message)
        ), noted as (
            insert into converged.events (kind, key, actor, reason, message)
            select \(kind)::text, \(key)::text, 'converged', t.reason, t.message
            from told t left join converged.conditions c
                on c.kind = \(kind) and c.key = \(key) and c.type = t.type
            where t.type = 'Ready' and (c.status, c.reason) is distinct from (t.status, t.reason)
        )
        insert into converged.conditions as c (kind, key, type, status, reason, message, generation, since)
        select \(kind)::text, \(key)::text, type, status, reason, message, \(generation)::bigint, converged.now()
        from told
        on conflict (kind, key, type) do update set status = excluded.status, reason = excluded.reason,
            message = excluded.message, generation = excluded.generation,
            since = case when (c.status, c.reason) = (excluded.status, excluded.reason) then c.since
                else excluded.since end
        where (c.status, c.reason, c.message, c.generation)
            is distinct from (excluded.status, excluded.reason, excluded.message, excluded.generation)
        """
    }

    public static func event(kind: String, key: String, reason: String, message: String) -> SQL {
        """
        insert into converged.events (kind, key, actor, reason, message)
        values (\(kind), \(key), 'converged', \(reason), \(message))
        """
    }

    /// Desired, observed and plan of the last run, each JSON without secrets.
    public static func trace(
        kind: String, key: String, desired: String, observed: String, plan: String, outcome: String
    ) -> SQL {
        """
        insert into converged.traces (kind, key, at, desired, observed, plan, outcome)
        values (\(kind), \(key), converged.now(), \(desired)::jsonb, \(observed)::jsonb, \(plan)::jsonb, \(outcome))
        on conflict (kind, key) do update set at = excluded.at, desired = excluded.desired,
            observed = excluded.observed, plan = excluded.plan, outcome = excluded.outcome
        """
    }

    /// What was told of an object goes with it; events stay.
    public static func forget(kind: String, key: String) -> [SQL] {
        [
            "delete from converged.conditions where kind = \(kind) and key = \(key)",
            "delete from converged.traces where kind = \(kind) and key = \(key)",
        ]
    }
}
