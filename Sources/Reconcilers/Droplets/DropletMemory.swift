import Postgres

/// What the last surveys of a droplet left behind in its conditions.
struct DropletMemory: Sendable, Equatable {
    var isFrozen = false
    var areRepairsHeld = false
    /// As many missing containers as an operator accepted.
    var accepted = 0
    /// Reason of Ready.
    var reason: String?

    /// Conditions of kind `droplet`.
    enum Condition {
        static let ready = "Ready"
        /// False: nothing may be created or deleted on the droplet.
        static let surveyed = "Surveyed"
        /// False: no more repairs than those that are under way.
        static let repairs = "Repairs"
        static let accepted = "PopulationAccepted"
    }

    static func read(_ droplet: String, from database: Database) async throws -> DropletMemory {
        let rows = try await database.query(
            "select type, status, reason, generation from converged.conditions where kind = 'droplet' and key = \(droplet)"
        )
        var memory = DropletMemory()
        for (type, status, reason, number) in try rows.decode((String, String, String, Int64).self) {
            switch type {
            case Condition.ready: memory.reason = reason
            case Condition.surveyed: memory.isFrozen = status == "False"
            case Condition.repairs: memory.areRepairsHeld = status == "False"
            case Condition.accepted: memory.accepted = Int(number)
            default: break
            }
        }
        return memory
    }
}
