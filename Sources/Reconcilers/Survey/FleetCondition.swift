import FoundationEssentials
import Postgres

/// A condition of the fleet (kind `fleet`, key `fly` or `profile/<name>`), and how it is written: only when it differs,
/// with an event when the reason changes.
struct FleetCondition: Sendable, Equatable {
    enum Kind: String, Sendable {
        /// False with reason `PopulationDropped`: nothing may be created or deleted.
        case surveyed = "Surveyed"
        /// False: more machines need a repair than may have it at once.
        case repairs = "Repairs"
        /// As many missing machines as an operator accepted, in `generation`.
        case populationAccepted = "PopulationAccepted"
        case rolledOut = "RolledOut"
    }
    enum Status: String, Sendable {
        case yes = "True"
        case no = "False"
        case unknown = "Unknown"
    }

    var key = "fly"
    var type: Kind
    var status: Status
    var reason: Reason
    var message: String
    var generation: Int64 = 0

    /// Insert-or-update; rows that say the same already are left alone.
    var upsert: SQL {
        """
        insert into converged.conditions as c (kind, key, type, status, reason, message, generation, since)
        values ('fleet', \(key), \(type.rawValue), \(status.rawValue), \(reason.rawValue), \(message), \(generation),
            converged.now())
        on conflict (kind, key, type) do update set
            status = excluded.status, reason = excluded.reason, message = excluded.message,
            generation = excluded.generation,
            since = case when (c.status, c.reason) = (excluded.status, excluded.reason) then c.since
                else excluded.since end
        where (c.status, c.reason, c.message, c.generation)
            is distinct from (excluded.status, excluded.reason, excluded.message, excluded.generation)
        """
    }

    /// To be run before `upsert`: remembers that the reason changes. What is as it should be needs no first event.
    var event: SQL {
        """
        insert into converged.events (kind, key, actor, reason, message)
        select 'fleet', \(key), 'converged', \(reason.rawValue), \(message)
        where coalesce(
            (select reason from converged.conditions
             where kind = 'fleet' and key = \(key) and type = \(type.rawValue)),
            case \(status.rawValue) when 'True' then \(reason.rawValue) else '' end) <> \(reason.rawValue)
        """
    }

    var writes: [SQL] { [event, upsert] }

    static func removal(of type: Kind, key: String = "fly") -> SQL {
        "delete from converged.conditions where kind = 'fleet' and key = \(key) and type = \(type.rawValue)"
    }
}

/// What the last surveys left behind.
struct FleetMemory: Sendable, Equatable {
    var isFrozen = false
    var accepted = 0
    var areRepairsHeld = false
    /// Profiles with a roll-out on its way or halted, so that its end is written, too.
    var rollouts: [String: Reason] = [:]

    static func read(_ database: Database) async throws -> FleetMemory {
        let rows = try await database.query(
            "select key, type, status, reason, generation from converged.conditions where kind = 'fleet'")
        var memory = FleetMemory()
        for row in rows {
            let (key, type, status, reason, generation) = try row.decode((String, String, String, String, Int64).self)
            switch FleetCondition.Kind(rawValue: type) {
            case .surveyed where key == "fly":
                memory.isFrozen = status == "False" && reason == Reason.populationDropped.rawValue
            case .repairs where key == "fly": memory.areRepairsHeld = status == "False"
            case .populationAccepted where key == "fly": memory.accepted = Int(generation)
            case .rolledOut where key.hasPrefix("profile/"):
                memory.rollouts[String(key.dropFirst("profile/".count))] = Reason(rawValue: reason)
            default: break
            }
        }
        return memory
    }
}
