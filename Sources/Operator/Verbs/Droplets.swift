import Postgres

extension Verbs {
    /// Every droplet: whose it is, how full, whether it takes new PAs. Of a team: those that take its PAs, now or once undrained.
    public func listDroplets(team: String?, draining: Bool, limit: Int) async throws -> Exit {
        if let team { try await assertTeam(team) }
        return try await show(
            Listing(
                sql: """
                    select *, \(Self.seconds(since: "created_at")) as age_seconds from (\(Self.droplets)) every
                    where (\(team ?? "") = '' or exists (
                            select from converged.placements(\(team ?? "")) place where place.droplet = every.name and place.serves))
                        and (not \(draining) or draining)
                    order by name limit \(limit)
                    """,
                columns: [
                    .init("name"), .init("address"), .init("domain"), .init("teams"), .init("pas", nil, .number),
                    .init("most_pas", "most", .number), .init("services", nil, .number), .init("draining"),
                    .init("served_by", "served by"), .init("serving"), .init("status"),
                    .init("engine_version", "engine"), .init("age_seconds", "age", .age),
                ]), limit)
    }

    /// One droplet: its conditions, the workers that serve it now, and what is placed on it.
    public func showDroplet(_ name: String) async throws -> Exit {
        try await assertDroplets([name])
        var droplet = try await list("select * from (\(Self.droplets)) every where name = \(name)")[0]
        let pas = try await list(
            """
            select name, team, port, desired_state, status, deleted_at from converged.pas where droplet = \(name)
            order by port
            """)
        let services = try await list(
            """
            select name, team, port, host, desired_state, status, image, deleted_at from converged.services
            where droplet = \(name) order by name
            """)
        let conditions = try await list(
            """
            select type, status, reason, message, since from converged.conditions
            where kind = 'droplet' and key = \(name) order by type
            """)
        let head = Self.describe(droplet)
        droplet["conditions"] = .array(conditions)
        droplet["pas"] = .array(pas)
        droplet["services"] = .array(services)
        try console.answer(droplet) {
            console.print(head)
            show("CONDITIONS", conditions, ["type", "status", "reason", "since", "message"])
            show("PAS", pas, ["name", "team", "port", "desired_state", "status"])
            show("SERVICES", services, ["name", "team", "port", "host", "desired_state", "status", "image"])
        }
        return .ok
    }

    /// They take no new PAs and services; what is there stays where it is. All of them or none.
    public func drainDroplets(_ names: [String]) async throws -> Exit {
        try await setDraining(droplets: names, true) { name, pas, services in
            "droplet \(name) takes no new PAs and services; \(pas) PAs and \(services) services stay on it"
        }
    }

    public func undrainDroplets(_ names: [String]) async throws -> Exit {
        try await setDraining(droplets: names, false) { name, _, _ in "droplet \(name) takes PAs and services again" }
    }

    private func setDraining(
        droplets names: [String], _ draining: Bool, _ say: (String, Int64, Int64) -> String
    ) async throws -> Exit {
        try await assertDroplets(names)
        let changed = try await database.query(
            """
            update converged.droplets d set draining = \(draining) where name = any (\(names)::text[])
            returning name::text, (select count(*) from converged.pas p where p.droplet = d.name),
                (select count(*) from converged.services s where s.droplet = d.name)
            """
        ).decode((String, Int64, Int64).self).sorted { $0.0 < $1.0 }
        let said = changed.map { (name: $0.0, message: say($0.0, $0.1, $0.2)) }
        try console.answer(
            .array(said.map { .object(["name": .text($0.name), "message": .text($0.message)]) })
        ) {
            for (_, message) in said { console.print(message) }
        }
        return .ok
    }

    func assertDroplets(_ names: [String]) async throws {
        let known: [String] = try await database.query("select name::text from converged.droplets order by name")
            .column(0)
        try assert(names, among: known, "droplet", "`converged droplets list` shows them")
    }

    func assertTeam(_ name: String) async throws {
        let known: [String] = try await database.query("select name::text from converged.teams order by name").column(0)
        try assert([name], among: known, "team", "teams are rows of converged.teams")
    }

    private func assert(_ names: [String], among known: [String], _ noun: String, _ advice: String) throws {
        for name in names where !known.contains(name) {
            throw VerbError(
                .unknown, "there is no \(noun) '\(name)'\(Spelling.suggest(name, among: known)); \(advice)")
        }
    }

    private func show(_ title: String, _ rows: [JSON], _ fields: [String]) {
        guard !rows.isEmpty else { return }
        console.print("")
        console.print(title)
        console.print(Table(fields.map { .init($0, $0 == "desired_state" ? "desired" : nil) }, rows))
    }

    private static let droplets: SQL = """
        select name, host(address) as address, domain, endpoint, served_by, first_port, last_port, most_pas,
            caddy_admin, caddy_server, draining,
            array(select team from converged.team_droplets t where t.droplet = d.name order by team) as teams,
            (select count(*) from converged.pas p where p.droplet = d.name) as pas,
            (select count(*) from converged.services s where s.droplet = d.name) as services,
            array(select w.name from converged.workers w
                where converged.kind_at('survey', d.name) = any (w.kinds) and w.seen_at > converged.now() - interval '10 seconds'
                order by w.name) as serving,
            status, engine_id, engine_version, status_at, generation, observed_generation, created_at, deleted_at
        from converged.droplets d
        """
}
