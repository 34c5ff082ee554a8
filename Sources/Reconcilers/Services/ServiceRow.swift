import FoundationEssentials
import Postgres

/// One row of `converged.services` with what is remembered of its container, what it waits for, and the database time of
/// the read.
struct ServiceRow: Sendable {
    var id: UUID
    var now: Date
    var name: String
    var droplet: String
    var image: String
    var command: [String]?
    /// JSON object.
    var env: String
    var envFile: String?
    var network: String
    var alias: String?
    var mounts: [String]
    var address: String
    var port: Int?
    var containerPort: Int?
    var healthPath: String?
    var healthCommand: [String]?
    var runs: Bool
    var isDeleting: Bool
    var generation: Int64
    var isFrozen: Bool
    var areRepairsHalted: Bool
    /// Services of the droplet that it needs and that are not ready, or not there.
    var awaited: [String]
    /// Another row of the droplet, one that stays, is in the same network.
    var sharesNetwork: Bool
    var status: ContainerStatus
    var memory: ContainerMemory

    /// Nil when there is no such row on this droplet.
    static func read(_ id: UUID, on droplet: String, from database: Database) async throws -> ServiceRow? {
        let rows = try await database.query(SQL(statement, bind: [id.postgresCell, droplet.postgresCell]))
        guard let row = rows.first else { return nil }
        var fields = RowFields(row)
        return try ServiceRow(&fields, id)
    }

    private init(_ fields: inout RowFields, _ id: UUID) throws {
        self.id = id
        now = try fields.next()
        name = try fields.next()
        droplet = try fields.next()
        image = try fields.next()
        command = try fields.next()
        env = try fields.next()
        envFile = try fields.next()
        network = try fields.next()
        alias = try fields.next()
        mounts = try fields.next()
        address = try fields.next()
        port = try fields.next()
        containerPort = try fields.next()
        healthPath = try fields.next()
        healthCommand = try fields.next()
        runs = try fields.next()
        isDeleting = try fields.next()
        generation = try fields.next()
        isFrozen = try fields.next()
        areRepairsHalted = try fields.next()
        awaited = try fields.next()
        sharesNetwork = try fields.next()
        status = ContainerStatus(word: try fields.next(), observedGeneration: try fields.next())
        memory = try ContainerMemory(&fields)
    }

    /// One statement: everything is of one moment, and the text never changes, so it is prepared once.
    private static let statement = """
        select converged.now(), s.name, s.droplet, s.image, s.command, s.env::text, s.env_file, s.network, s.alias, s.mounts,
            host(s.address), s.port, s.container_port, s.health_path, s.health_command, s.desired_state = 'running',
            s.deleted_at is not null, s.generation,
            \(DropletHolds.columns(of: "s.droplet")),
            array(select need from unnest(s.needs) need
                where not exists (
                    select from converged.services o
                        join converged.conditions n on n.kind = 'service' and n.key = o.id::text
                            and n.type = 'Ready' and n.status = 'True'
                    where o.droplet = s.droplet and o.name = need and o.deleted_at is null)
                order by need),
            exists (select from converged.services o
                where o.droplet = s.droplet and o.network = s.network and o.id <> s.id and o.deleted_at is null),
            s.status, s.observed_generation, \(ContainerMemory.list)
        from converged.services s
            left join converged.containers c on c.kind = 'service' and c.key = s.id::text
        where s.id = $1 and s.droplet = $2
        """
}
