import Postgres

/// Which PAs; nil: all.
public struct PAFilter: Sendable {
    public var team: String?
    public var droplet: String?
    public var status: String?

    public init(team: String? = nil, droplet: String? = nil, status: String? = nil) {
        self.team = team
        self.droplet = droplet
        self.status = status
    }
}

extension Verbs {
    /// The assistants in containers, where they were placed and how far they are.
    public func listPAs(_ filter: PAFilter, limit: Int) async throws -> Exit {
        if let team = filter.team { try await assertTeam(team) }
        if let droplet = filter.droplet { try await assertDroplets([droplet]) }
        try await show(
            Listing(
                sql: """
                    select *, \(Self.seconds(since: "created_at")) as age_seconds from (\(Self.pas)) every
                    where \(filter.team ?? "") in ('', team) and \(filter.droplet ?? "") in ('', droplet)
                        and \(filter.status ?? "") in ('', status)
                    order by name limit \(limit)
                    """,
                columns: [
                    .init("name"), .init("team"), .init("droplet"), .init("port", nil, .number),
                    .init("desired_state", "desired"), .init("status"), .init("generation", "gen", .number),
                    .init("observed_generation", "seen", .number), .init("age_seconds", "age", .age), .init("reason"),
                    .init("image"),
                ]), limit)
        try await warnUnserved(filter)
        return .ok
    }

    /// One PA, with the checklist that a container of its image owes and how far its present container is.
    public func showPA(_ name: String) async throws -> Exit {
        let key = try await resolve("pa/\(name)")
        guard var pa = try await list("select * from (\(Self.pas)) every where id::text = \(key.key)").first else {
            throw VerbError(.unknown, "the row of \(key) is gone; `converged get events \(key)` tells its story")
        }
        let steps = try await ask("select \(Listing.steps(of: key))::text").items
        let head = Self.describe(pa)
        pa["steps"] = .array(steps)
        try console.answer(pa) {
            console.print(head)
            guard !steps.isEmpty else { return }
            console.print("")
            console.print("CHECKLIST")
            console.print(Table(Table.Column.steps, steps))
        }
        try await warnUnserved(PAFilter(droplet: pa["droplet"].text))
        return .ok
    }

    /// A status that nobody keeps must not look like one that somebody does.
    private func warnUnserved(_ filter: PAFilter) async throws {
        guard console.format == .table else { return }
        let unserved: [String] = try await database.query(
            """
            select distinct droplet from converged.pas p
            where \(filter.team ?? "") in ('', team) and \(filter.droplet ?? "") in ('', droplet)
                and not exists (select from converged.workers w
                    where converged.kind_at('pa', p.droplet) = any (w.kinds) and w.seen_at > converged.now() - interval '10 seconds')
            order by 1
            """
        ).column(0)
        for droplet in unserved {
            console.print("no live daemon serves droplet \(droplet): nothing acts on its PAs")
        }
    }

    /// Everything but the token; of the config the names only, its values may be private.
    private static let pas: SQL = """
        select p.id, p.name, p.team, p.droplet, p.port, p.name || '.' || d.domain as host, 'pa-' || p.name as container,
            p.image, converged.checklist_for(p.image) as checklist, p.desired_state, p.user_id,
            array(select jsonb_object_keys(p.config)) as config_names, p.restart_requested_at, p.deleted_at, p.created_at,
            p.generation, p.observed_generation, p.status, p.gateway_url, c.container_id, c.spec_hash, c.restarted_at,
            p.running_at, p.status_at, ready.status as ready, ready.reason, ready.message
        from converged.pas p join converged.droplets d on d.name = p.droplet
            left join converged.containers c on c.kind = 'pa' and c.key = p.id::text
            left join converged.conditions ready on ready.kind = 'pa' and ready.key = p.id::text and ready.type = 'Ready'
        """
}
