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
                    .init("observed_generation", "seen", .number), .init("age_seconds", "age", .age), .init("image"),
                ]), limit)
        try await warnUnserved()
        return .ok
    }

    /// One PA, with the checklist that a container of its image owes and how far its present container is.
    public func showPA(_ name: String) async throws -> Exit {
        guard
            var pa = try await list(
                "select * from (\(Self.pas)) every where \(name) in (name, 'pa-' || name, id::text)"
            ).first
        else {
            let known: [String] = try await database.query("select name::text from converged.pas order by name").column(
                0)
            throw VerbError(
                .unknown,
                "there is no PA '\(name)'\(Spelling.suggest(name, among: known)); `converged pas list` shows them")
        }
        let steps = try await list(
            """
            select s.name, s.kind, coalesce(r.state, 'owed') as state, r.attempts, r.exit_code, r.finished_at
            from converged.checklist_steps s
                left join converged.checklist_runs r
                    on r.checklist = s.checklist and r.step = s.name and r.container_id = \(pa["container_id"].text)
            where s.checklist = \(pa["checklist"].text) order by s.place
            """)
        let head = Self.describe(pa)
        pa["steps"] = .array(steps)
        try console.answer(pa) {
            console.print(head)
            guard !steps.isEmpty else { return }
            console.print("")
            console.print("CHECKLIST")
            console.print(
                Table(
                    [
                        .init("name"), .init("kind"), .init("state"), .init("attempts", nil, .number),
                        .init("exit_code", "exit", .number), .init("finished_at", "finished", .time),
                    ], steps))
        }
        try await warnUnserved()
        return .ok
    }

    /// A status that nobody keeps must not look like one that somebody does.
    private func warnUnserved() async throws {
        guard console.format == .table else { return }
        let isServed: Bool = try await database.query(
            """
            select exists (select from converged.workers
                where exists (select from unnest(kinds) kind where kind like 'pa@%') and seen_at > converged.now() - interval '10 seconds')
            """
        ).scalar()
        if !isServed { console.print("no daemon serves a droplet: nothing acts on these rows") }
    }

    /// Everything but the token; of the config the names only, its values may be private.
    private static let pas: SQL = """
        select p.id, p.name, p.team, p.droplet, p.port, p.name || '.' || d.domain as host, 'pa-' || p.name as container,
            p.image, converged.checklist_for(p.image) as checklist, p.desired_state, p.user_id,
            array(select jsonb_object_keys(p.config)) as config_names, p.restart_requested_at, p.deleted_at, p.created_at,
            p.generation, p.observed_generation, p.status, p.gateway_url, c.container_id, c.spec_hash, c.restarted_at,
            p.running_at, p.status_at
        from converged.pas p
            join converged.droplets d on d.name = p.droplet
            left join converged.containers c on c.kind = 'pa' and c.key = p.id::text
        """
}
