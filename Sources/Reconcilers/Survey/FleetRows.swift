import FoundationEssentials
import Postgres

/// What the survey reads of our own tables: one statement per page or per pass, never one per object.
struct FleetRows: Sendable {
    let database: Database

    /// Rows by the vendor's id of their machine.
    func machines(withFlyIDs ids: [String]) async throws -> [String: ExpectedMachine] {
        let rows = try await database.query(
            """
            select fly_machine_id, id, coalesce(fly_app, ''), desired_state = 'running', fly_instance_id,
                deleted_at is not null, profile
            from converged.machines where fly_machine_id = any (\(ids)::text[])
            """)
        var machines: [String: ExpectedMachine] = [:]
        machines.reserveCapacity(rows.count)
        for row in rows {
            let (flyID, id, app, runs, instanceID, isDeleting, profile) = try row.decode(
                (String, UUID, String, Bool, String?, Bool, String).self)
            machines[flyID] = ExpectedMachine(
                row: id, app: app, runs: runs, instanceID: instanceID, isDeleting: isDeleting, profile: profile)
        }
        return machines
    }

    /// What the rows that machines name as their owners have stored.
    func machineClaims(of owners: [UUID]) async throws -> [UUID: Claim] {
        let rows = try await database.query(
            "select id, fly_machine_id from converged.machines where id = any (\(owners)::uuid[])")
        return try Dictionary(
            rows.decode((UUID, String?).self).map { ($0, Claim(storedID: $1)) }, uniquingKeysWith: { one, _ in one })
    }

    func knownVolumes(among ids: [String]) async throws -> Set<String> {
        let rows = try await database.query(
            "select fly_volume_id from converged.machines where fly_volume_id = any (\(ids)::text[])")
        return Set(try rows.column(0, as: String.self))
    }

    struct Place: Hashable {
        var app: String
        var name: String
    }

    /// Rows that want a volume of this name. Two rows can want the same name only in different apps.
    func volumeClaims(ofNames names: [String]) async throws -> [Place: Claim] {
        let rows = try await database.query(
            """
            select fly_app, fly_volume_name, fly_volume_id from converged.machines
            where fly_volume_name = any (\(names)::text[]) and fly_app is not null
            """)
        return try Dictionary(
            rows.decode((String, String, String?).self).map { (Place(app: $0, name: $1), Claim(storedID: $2)) },
            uniquingKeysWith: { one, other in one.storedID == nil ? one : other })
    }
}
