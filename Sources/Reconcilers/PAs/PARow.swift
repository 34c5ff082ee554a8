import FoundationEssentials
import Postgres

/// One row of `converged.pas` with what is remembered of its container, and the database time of the read.
struct PARow: Sendable {
    var id: UUID
    var now: Date
    var name: String
    var team: String
    var droplet: String
    var domain: String
    var port: Int
    var image: String
    var runs: Bool
    /// JSON of the row's own part of openclaw.json.
    var config: String
    var generation: Int64
    var restartRequestedAt: Date?
    var isDeleting: Bool
    /// Sealed; opened only where it is written or sent.
    var sealedToken: String?
    var isFrozen: Bool
    var areRepairsHalted: Bool
    var hasChecklist: Bool
    var status: ContainerStatus
    var memory: ContainerMemory

    /// Nil when there is no such row on this droplet.
    static func read(_ id: UUID, on droplet: String, from database: Database) async throws -> PARow? {
        let rows = try await database.query(SQL(statement, bind: [id.postgresCell, droplet.postgresCell]))
        guard let row = rows.first else { return nil }
        var fields = RowFields(row)
        return try PARow(&fields, id)
    }

    private init(_ fields: inout RowFields, _ id: UUID) throws {
        self.id = id
        now = try fields.next()
        name = try fields.next()
        team = try fields.next()
        droplet = try fields.next()
        domain = try fields.next()
        port = try fields.next()
        image = try fields.next()
        runs = try fields.next()
        config = try fields.next()
        generation = try fields.next()
        restartRequestedAt = try fields.next()
        isDeleting = try fields.next()
        sealedToken = try fields.next()
        isFrozen = try fields.next()
        areRepairsHalted = try fields.next()
        hasChecklist = try fields.next()
        status = ContainerStatus(
            word: try fields.next(), observedGeneration: try fields.next(), runningAt: try fields.next())
        memory = try ContainerMemory(&fields)
    }

    /// One statement: everything is of one moment, and the text never changes, so it is prepared once.
    private static let statement = """
        select converged.now(), p.name, p.team, p.droplet, d.domain, p.port, p.image, p.desired_state = 'running',
            p.config::text, p.generation, p.restart_requested_at, p.deleted_at is not null, p.gateway_token,
            \(DropletHolds.columns(of: "p.droplet")),
            converged.checklist_for(p.image) is not null,
            p.status, p.observed_generation, p.running_at, \(ContainerMemory.list)
        from converged.pas p
            join converged.droplets d on d.name = p.droplet
            left join converged.containers c on c.kind = 'pa' and c.key = p.id::text
        where p.id = $1 and p.droplet = $2
        """
}
