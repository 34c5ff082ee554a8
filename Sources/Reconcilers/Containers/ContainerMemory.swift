import FoundationEssentials
import Postgres

/// What `converged.containers` remembers of one row's container. The planner reads it, the fold changes it, and it is
/// stored before every call that changes something outside.
public struct ContainerMemory: Sendable, Equatable {
    /// The create that was asked for last.
    public internal(set) var epoch: Int64 = 0
    /// The container that was proven last.
    public internal(set) var containerID: String?
    public internal(set) var specHash: String?
    /// A specification that was rolled back, for this generation.
    var failedHash: String?
    var failedGeneration: Int64?
    var failedWhy: String?
    var dataMadeAt: Date?
    /// The restart request that was carried out last.
    public internal(set) var restartedAt: Date?
    var repairs = 0
    var repairsSince: Date?
    var unhealthySince: Date?
    /// ``DesiredContainer/claims`` of every row whose files may be in place: what is no longer wanted can be taken out.
    public internal(set) var claims: Set<String> = []

    public init() {}

    /// In the order in which both directions go.
    private static let columns = [
        "epoch", "container_id", "spec_hash", "failed_hash", "failed_generation", "failed_why", "data_made_at",
        "restarted_at", "repairs", "repairs_since", "unhealthy_since", "claims",
    ]

    /// The columns of table alias `c`, for a reader's statement; the row may be missing in an outer join.
    static let list = "coalesce(c.epoch, 0), " + columns.dropFirst().map { "c.\($0)" }.joined(separator: ", ")

    init(_ fields: inout RowFields) throws {
        epoch = try fields.next()
        containerID = try fields.next()
        specHash = try fields.next()
        failedHash = try fields.next()
        failedGeneration = try fields.next()
        failedWhy = try fields.next()
        dataMadeAt = try fields.next()
        restartedAt = try fields.next()
        repairs = try fields.next() ?? 0
        repairsSince = try fields.next()
        unhealthySince = try fields.next()
        claims = Set(try fields.next() ?? [String]())
    }

    /// Nil when nothing differs from `old`.
    func store(_ desired: DesiredContainer, since old: ContainerMemory) -> SQL? {
        guard self != old else { return nil }
        return """
            insert into converged.containers (kind, key, droplet, epoch, container_id, spec_hash, failed_hash,
                failed_generation, failed_why, data_made_at, restarted_at, repairs, repairs_since, unhealthy_since,
                claims)
            values (\(desired.kind), \(desired.key), \(desired.droplet), \(epoch), \(containerID), \(specHash),
                \(failedHash), \(failedGeneration), \(failedWhy), \(dataMadeAt), \(restartedAt), \(repairs),
                \(repairsSince), \(unhealthySince), \(claims.sorted())::text[])
            on conflict (kind, key) do update set epoch = excluded.epoch, container_id = excluded.container_id,
                spec_hash = excluded.spec_hash, failed_hash = excluded.failed_hash,
                failed_generation = excluded.failed_generation, failed_why = excluded.failed_why,
                data_made_at = excluded.data_made_at, restarted_at = excluded.restarted_at, repairs = excluded.repairs,
                repairs_since = excluded.repairs_since, unhealthy_since = excluded.unhealthy_since,
                claims = excluded.claims
            """
    }

    static func forget(_ desired: DesiredContainer) -> SQL {
        "delete from converged.containers where kind = \(desired.kind) and key = \(desired.key)"
    }
}
