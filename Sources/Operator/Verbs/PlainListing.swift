import Postgres

extension Listing {
    /// Users, profiles, orphans, workers and pauses.
    static func plain(_ kind: Kind, _ limit: Int) -> Listing {
        Listing(sql: "\(select(kind)) limit \(limit)", columns: columns(kind))
    }

    /// Those that are called so.
    static func one(_ kind: Kind, _ name: String) -> SQL {
        let names: SQL =
            switch kind {
            case .user: "\(name) in (id::text, short_id, clerk_id) or lower(email) = lower(\(name))"
            case .worker: "\(name) in (id::text, name)"
            case .orphan: "\(name) in (id, name)"
            case .pause: "\(name) in (queue, kind, key)"
            default: "\(name) = name"
            }
        return "select * from (\(select(kind))) every where \(names)"
    }

    private static func select(_ kind: Kind) -> SQL {
        switch kind {
        case .user:
            """
            select u.id, u.short_id, u.email, u.name, u.clerk_id, u.timezone, b.subscription_status, b.current_period_end,
                u.created_at, \(Verbs.seconds(since: "u.created_at")) as age_seconds,
                (select count(*) from converged.machines m where m.user_id = u.id) as machines
            from converged.users u left join converged.billing b on b.user_id = u.id order by u.created_at, u.id
            """
        case .profile:
            """
            select name, generation, app_mode, app_name, machine_name, network, addresses, regions, image, cpu_kind, cpus,
                memory_mb, volume_name, volume_gb, volume_path, volume_encrypted, internal_port, handlers, check_path,
                check_grace_s, restart_policy, token_env, user_env, config_env, gateway_url,
                array(select jsonb_object_keys(env)) as env_names, array(select jsonb_object_keys(config)) as config_names,
                (select count(*) from converged.machines m where m.profile = p.name) as machines
            from converged.machine_profiles p order by name
            """
        case .orphan:
            """
            select vendor, type, id, app, name, region, first_seen, last_seen, sweep,
                \(Verbs.seconds(since: "first_seen")) as known_seconds, \(Verbs.seconds(since: "last_seen")) as seen_seconds_ago
            from converged.orphans order by vendor, type, app, id
            """
        case .pause:
            """
            select nullif(queue, '') as queue, nullif(kind, '') as kind, nullif(key, '') as key, reason, paused_by, paused_at,
                \(Verbs.seconds(since: "paused_at")) as paused_seconds_ago
            from converged.pauses order by queue, kind, key
            """
        default:
            """
            select id, name, version, kinds, started_at, seen_at, draining,
                \(Verbs.seconds(since: "seen_at")) as seen_seconds_ago,
                seen_at > converged.now() - interval '10 seconds' as live,
                (select count(*) from converged.jobs j where j.worker = w.id and j.state = 'running') as running
            from converged.workers w order by name, id
            """
        }
    }

    private static func columns(_ kind: Kind) -> [Table.Column] {
        switch kind {
        case .user:
            [
                .init("id"), .init("short_id"), .init("subscription_status", "billing"),
                .init("machines", nil, .number), .init("age_seconds", "age", .age), .init("email"), .init("name"),
            ]
        case .profile:
            [
                .init("name"), .init("generation", "gen", .number), .init("machines", nil, .number),
                .init("app_mode", "mode"), .init("cpus", nil, .number), .init("memory_mb", "mb", .number),
                .init("volume_gb", "gb", .number), .init("regions"), .init("app_name", "app"), .init("image"),
            ]
        case .orphan:
            [
                .init("vendor"), .init("type"), .init("id"), .init("app"), .init("name"), .init("region"),
                .init("known_seconds", "known", .age), .init("seen_seconds_ago", "seen", .age), .init("sweep"),
            ]
        case .pause:
            [
                .init("queue"), .init("kind"), .init("key"), .init("paused_by", "by"),
                .init("paused_seconds_ago", "since", .age),
                .init("reason"),
            ]
        default:
            [
                .init("id", nil, .number), .init("name"), .init("version"), .init("seen_seconds_ago", "seen", .age),
                .init("running", nil, .number), .init("live"), .init("draining"), .init("kinds"),
            ]
        }
    }
}
