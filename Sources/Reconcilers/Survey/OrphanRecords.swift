import FoundationEssentials
import Postgres

/// `converged.orphans` as it is read and written.
struct OrphanRecord: Sendable, Equatable {
    var orphan: Orphan
    /// Seen for longer than the grace period.
    var isOld: Bool
    /// The operator's word.
    var sweep: Bool

    static func read(_ database: Database, grace: Duration) async throws -> [OrphanRecord] {
        let rows = try await database.query(
            """
            select type, id, app, name, region, first_seen < converged.now() - \(grace)::interval, sweep
            from converged.orphans where vendor = 'fly' and type in ('machine', 'volume')
            order by first_seen, id
            """)
        return try rows.decode((String, String, String, String, String, Bool, Bool).self).compactMap { row in
            Orphan.Kind(rawValue: row.0).map {
                OrphanRecord(
                    orphan: Orphan(type: $0, id: row.1, app: row.2, name: row.3, region: row.4), isOld: row.5,
                    sweep: row.6)
            }
        }
    }

    /// Keeps what is still there, adds what is new, forgets what a complete list does not show any more.
    static func replace(with found: [Orphan], known: [OrphanRecord], unknownRegions: Set<String>) -> [SQL] {
        var writes: [SQL] = []
        if !found.isEmpty {
            writes.append(
                """
                insert into converged.orphans as o (vendor, type, id, app, name, region, first_seen, last_seen)
                select distinct on (t.type, t.id) 'fly', t.type, t.id, t.app, t.name, t.region, converged.now(),
                    converged.now()
                from unnest(\(found.map(\.type.rawValue))::text[], \(found.map(\.id))::text[],
                    \(found.map(\.app))::text[], \(found.map(\.name))::text[], \(found.map(\.region))::text[])
                    as t (type, id, app, name, region)
                on conflict (vendor, type, id) do update set last_seen = excluded.last_seen
                """)
        }
        let present = Set(found.map(\.id))
        let gone = known.filter { !present.contains($0.orphan.id) && !unknownRegions.contains($0.orphan.region) }
        if !gone.isEmpty {
            writes.append(
                """
                delete from converged.orphans
                where vendor = 'fly' and id = any (\(gone.map(\.orphan.id))::text[])
                """)
        }
        return writes
    }

    static func removal(of orphan: Orphan) -> SQL {
        """
        delete from converged.orphans
        where vendor = 'fly' and type = \(orphan.type.rawValue) and id = \(orphan.id)
        """
    }
}
