import FoundationEssentials
import Postgres

/// The fleet by profile: sizes of groups, and what names and modes its profiles have.
struct FleetGroups: Sendable {
    struct Group: Sendable {
        var profile: String
        var isShared: Bool
        /// Rows with a machine at the vendor.
        var placed: Int
        /// Rows whose machine has been healthy for longer than the list lags, and is to stay.
        var established: Int
        /// Established rows that have not followed the profile's present generation.
        var behind: Int
        var generation: Int64
    }

    var groups: [Group] = []
    var names = FleetNames(profiles: [])
    /// Apps that hold machines of many users.
    var sharedApps: Set<String> = []

    var placed: Int { groups.reduce(0) { $0 + $1.placed } }
    var established: Int { groups.reduce(0) { $0 + $1.established } }
    var sizes: [String: Int] { Dictionary(groups.map { ($0.profile, $0.placed) }, uniquingKeysWith: +) }

    static func read(_ database: Database, listLag: Duration) async throws -> FleetGroups {
        let rows = try await database.query(
            """
            select p.name, p.app_mode, p.app_name, p.volume_name, p.generation,
                count(m.id) filter (where m.fly_machine_id is not null),
                count(m.id) filter (
                    where m.fly_machine_id is not null and m.deleted_at is null
                        and m.running_at < converged.now() - \(listLag)::interval),
                count(m.id) filter (
                    where m.deleted_at is null and m.running_at is not null
                        and m.profile_generation between 1 and p.generation - 1)
            from converged.machine_profiles p left join converged.machines m on m.profile = p.name
            group by p.name
            """)
        var fleet = FleetGroups()
        for row in rows {
            let (name, mode, app, volume, generation, placed, established, behind) = try row.decode(
                (String, String, String, String, Int64, Int, Int, Int).self)
            let isShared = mode == "shared"
            fleet.groups.append(
                Group(
                    profile: name, isShared: isShared, placed: placed, established: established, behind: behind,
                    generation: generation))
            fleet.names.profiles.append(.init(app: NameTemplate(app), volume: NameTemplate(volume)))
            if isShared { fleet.sharedApps.insert(app) }
        }
        return fleet
    }
}
