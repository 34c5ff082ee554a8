import FoundationEssentials
import Postgres

extension Repairs.Need {
    /// Machines among `rows` that can be repaired at all, with whether somebody is at it.
    static func read(_ rows: [UUID], from database: Database) async throws -> [Repairs.Need] {
        guard !rows.isEmpty else { return [] }
        let found = try await database.query(
            """
            select m.id, m.profile, \(Wakes.isUnderway) from converged.machines m
            where m.id = any (\(rows)::uuid[]) and not \(Wakes.isBlocked)
            """)
        return try found.decode((UUID, String, Bool).self).map {
            Repairs.Need(row: $0, profile: $1, isUnderway: $2)
        }
    }
}
