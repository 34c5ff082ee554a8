import Postgres

/// What `get` shows of a kind: a select, and the columns of its table. JSON shows all of the select's columns.
struct Listing {
    let sql: SQL
    let columns: [Table.Column]

    static func machines(_ limit: Int) -> Listing {
        Listing(
            sql: """
                select m.id as key, u.short_id, u.email, m.profile, m.desired_state, m.status, ready.status as ready,
                    ready.reason, m.generation, m.observed_generation, m.fly_region, m.fly_app, m.fly_machine_name,
                    m.fly_machine_id, \(Verbs.seconds(since: "m.created_at")) as age_seconds, ready.message
                from converged.machines m join converged.users u on u.id = m.user_id
                    left join converged.conditions ready
                        on ready.kind = 'machine' and ready.key = m.id::text and ready.type = 'Ready'
                order by m.created_at, m.id limit \(limit)
                """,
            columns: [
                .init("key"), .init("short_id", "user"), .init("profile"), .init("desired_state", "desired"),
                .init("status"), .init("ready"), .init("generation", "gen", .number),
                .init("observed_generation", "seen", .number), .init("fly_region", "region"),
                .init("age_seconds", "age", .age), .init("reason"),
            ])
    }

    /// Everything of a machine but its token; of env and config the names only, their values may be private.
    static func machine(_ key: String) -> SQL {
        """
        select m.id as key, u.short_id, u.email, m.user_id, m.profile, m.desired_state, m.image, m.region, m.cpu_kind,
            m.cpus, m.memory_mb, m.volume_gb, m.agentmail_inbox_id, m.restart_requested_at, m.deleted_at, m.created_at,
            array(select jsonb_object_keys(m.env)) as env_names, array(select jsonb_object_keys(m.config)) as config_names,
            m.generation, m.observed_generation, m.profile_generation, m.status, m.gateway_url, m.fly_app,
            m.fly_machine_name, m.fly_volume_name, m.app_ready, m.app_asked_at, m.fly_volume_id, m.volume_asked_at, m.fly_machine_id,
            m.machine_asked_at, m.fly_instance_id, m.fly_region, m.region_attempt, m.spec_hash, m.restarted_at,
            m.repairs, m.repairs_since, m.unhealthy_since, m.running_at, m.status_at
        from converged.machines m join converged.users u on u.id = m.user_id where m.id::text = \(key)
        """
    }

    static func conditions(of key: Key?, _ reason: String?, _ limit: Int) -> Listing {
        Listing(
            sql: """
                select kind, key, type, status, reason, generation, since, \(Verbs.seconds(since: "since")) as since_seconds,
                    message
                from converged.conditions
                where \(key?.kind ?? "") in ('', kind) and \(key?.key ?? "") in ('', key)
                    and \(reason ?? "") in ('', reason)
                order by status = 'True', kind, key, type limit \(limit)
                """,
            columns: [
                .init("kind"), .init("key"), .init("type"), .init("status"), .init("since_seconds", "since", .age),
                .init("reason"), .init("message"),
            ])
    }

    static func events(of key: Key?, _ reason: String?, _ limit: Int) -> Listing {
        Listing(
            sql: """
                select * from (
                    select at, kind, key, actor, reason, message, id from converged.events
                    where \(key?.kind ?? "") in ('', kind) and \(key?.key ?? "") in ('', key)
                    and \(reason ?? "") in ('', reason)
                    order by at desc, id desc limit \(limit)) latest
                order by at, id
                """,
            columns: [
                .init("at", nil, .time), .init("kind"), .init("key"), .init("actor"), .init("reason"), .init("message"),
            ])
    }
}
