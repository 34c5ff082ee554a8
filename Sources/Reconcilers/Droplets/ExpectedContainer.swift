import FoundationEssentials
import Postgres

/// A PA or service as the survey needs it: what its container should look like in the list.
struct ExpectedContainer: Sendable, Equatable {
    var kind: String
    var id: UUID
    /// Of the container.
    var name: String
    /// Of its own, that somebody can take away; nil: none.
    var network: String?
    var runs: Bool
    var isDeleting: Bool
    /// The container that was proven last.
    var containerID: String?
    var specHash: String?
    /// Its job is running, due, in a back-off, or comes back at a time of its own choice.
    var isUnderway: Bool
    /// Its job ended and waits for somebody to change something.
    var isBlocked: Bool
    /// Reason of its condition Stable, while that is not True.
    var instability: String?

    var key: String { id.uuidString.lowercased() }
    var owner: String { "\(kind)/\(key)" }

    /// Everything on a droplet in one statement.
    static func read(on droplet: String, from database: Database) async throws -> [ExpectedContainer] {
        let rows = try await database.query(
            """
            select o.kind, o.id, o.name, o.network, o.desired_state = 'running', o.deleted_at is not null, c.container_id, c.spec_hash,
                coalesce(j.state <> 'ready' or j.attempt > 0 or j.run_at <= converged.now()
                    or ready.status is distinct from 'True', false),
                j.id is null and ready.status = 'False' and ready.generation = o.generation,
                stable.reason
            from (
                select 'pa' as kind, id, 'pa-' || name as name, null as network, desired_state, deleted_at, generation
                from converged.pas where droplet = \(droplet)
                union all
                select 'service', id, name, network, desired_state, deleted_at, generation
                from converged.services where droplet = \(droplet)) o
                left join converged.containers c on c.kind = o.kind and c.key = o.id::text
                left join converged.jobs j on j.kind = converged.kind_at(o.kind, \(droplet)) and j.key = o.id::text
                left join converged.conditions ready
                    on ready.kind = o.kind and ready.key = o.id::text and ready.type = 'Ready'
                left join converged.conditions stable
                    on stable.kind = o.kind and stable.key = o.id::text and stable.type = 'Stable'
                        and stable.status <> 'True'
            order by o.kind, o.name
            """)
        return try rows.map { row in
            var fields = RowFields(row)
            return ExpectedContainer(
                kind: try fields.next(), id: try fields.next(), name: try fields.next(),
                network: (try fields.next() as String?).flatMap(ContainerShape.ownNetwork),
                runs: try fields.next(), isDeleting: try fields.next(), containerID: try fields.next(),
                specHash: try fields.next(),
                isUnderway: try fields.next(), isBlocked: try fields.next() ?? false,
                instability: try fields.next())
        }
    }
}
