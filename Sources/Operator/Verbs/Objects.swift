import Postgres

extension Listing {
    /// The type of condition that says whether an object `o` is as it should be.
    static let readiness: SQL =
        "case o.kind when 'rollout' then 'Done' else 'Ready' end"

    /// What `why` shows of an object's row.
    static func object(_ key: Key) -> SQL {
        switch key.kind {
        case "pa":
            """
            select p.name, p.team, p.droplet, p.port, p.name || '.' || d.domain as host, p.image, p.desired_state, p.status,
                p.generation, p.observed_generation, p.deleted_at, p.status_at, \(container)
            from converged.pas p join converged.droplets d on d.name = p.droplet
                left join converged.containers c on c.kind = 'pa' and c.key = p.id::text
            where p.id::text = \(key.key)
            """
        case "service":
            """
            select p.name, p.team, p.droplet, p.port, p.image, p.desired_state, p.status, p.generation,
                p.observed_generation, p.deleted_at, p.status_at, \(container)
            from converged.services p left join converged.containers c on c.kind = 'service' and c.key = p.id::text
            where p.id::text = \(key.key)
            """
        case "rollout": rollout(key)
        case "droplet":
            """
            select d.name, d.endpoint, host(d.address) as address, d.domain, d.served_by, d.draining, d.status,
                d.engine_version, d.generation, d.observed_generation, d.deleted_at, d.status_at,
                (select count(*) from converged.pas p where p.droplet = d.name) as pas,
                (select count(*) from converged.services s where s.droplet = d.name) as services
            from converged.droplets d where d.name = \(key.key)
            """
        default:
            """
            select m.profile, m.desired_state, m.status, m.generation, m.observed_generation, m.deleted_at, m.fly_app,
                m.fly_machine_name, m.fly_machine_id, m.fly_region, m.fly_volume_id, m.repairs, m.unhealthy_since,
                m.status_at, u.short_id, u.email
            from converged.machines m join converged.users u on u.id = m.user_id
            where \(key.kind) = 'machine' and m.id::text = \(key.key)
            """
        }
    }

    /// What the workers remember of a container; what was rolled back is not tried again before the row changes.
    private static let container: SQL = """
        left(c.container_id, 12) as container, c.epoch, c.repairs, c.unhealthy_since,
            c.failed_generation, c.failed_why
        """

    /// The checklist that the present container of a PA owes, with what was done of it; of others nothing.
    static func steps(of key: Key) -> SQL {
        """
        (select coalesce(json_agg(row_to_json(s)), '[]') from (
            select s.name, s.kind, coalesce(r.state, 'owed') as state, r.attempts, r.exit_code, r.finished_at
            from converged.pas p
                left join converged.containers c on c.kind = 'pa' and c.key = p.id::text
                join converged.checklist_steps s on s.checklist = converged.checklist_for(p.image)
                left join converged.checklist_runs r on r.checklist = s.checklist and r.step = s.name
                    and r.container_id = c.container_id
            where \(key.kind) = 'pa' and p.id::text = \(key.key)
            order by s.place) s)
        """
    }

    static func services(_ limit: Int) -> Listing {
        Listing(
            sql: """
                select *, \(Verbs.seconds(since: "created_at")) as age_seconds from (\(everyService)) every
                order by droplet, name limit \(limit)
                """,
            columns: [
                .init("name"), .init("team"), .init("droplet"), .init("port", nil, .number), .init("host"),
                .init("desired_state", "desired"), .init("status"), .init("generation", "gen", .number),
                .init("observed_generation", "seen", .number), .init("age_seconds", "age", .age), .init("reason"),
                .init("image"),
            ])
    }

    static func service(_ key: String) -> SQL { "select * from (\(everyService)) every where id::text = \(key)" }

    /// Of the environment the names only: operators keep secrets out of it, and we keep it out of terminals.
    private static let everyService: SQL = """
        select s.id, s.name, s.team, s.droplet, s.image, s.command, array(select jsonb_object_keys(s.env)) as env_names,
            s.env_file, s.network, s.alias, s.mounts, host(s.address) as address, s.port, s.container_port, s.health_path,
            s.health_command, s.needs, s.host, s.desired_state, s.deleted_at, s.created_at, s.generation,
            s.observed_generation, s.status, c.container_id, c.spec_hash, s.status_at, ready.status as ready, ready.reason,
            ready.message
        from converged.services s
            left join converged.containers c on c.kind = 'service' and c.key = s.id::text
            left join converged.conditions ready
                on ready.kind = 'service' and ready.key = s.id::text and ready.type = 'Ready'
        """
}

extension Table.Column {
    /// Of a checklist.
    static let steps: [Table.Column] = [
        .init("name"), .init("kind"), .init("state"), .init("attempts", nil, .number),
        .init("exit_code", "exit", .number),
        .init("finished_at", "finished", .time),
    ]
}
