import Postgres

/// A condition that is not Ready and still leaves an event when its status or reason changes.
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
            Records.conditions(
                kind: kind, key: key, generation: generation, [ConditionToTell(type, status, reason, message)]),
        ]
    }
}
