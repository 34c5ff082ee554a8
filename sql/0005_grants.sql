-- Who may touch which column. A web role that writes a status column or reads a token is refused by Postgres itself.

-- The web app: users, billing and desired columns; reads status, never tokens.
grant select, insert, update on converged.users, converged.billing to converged_web;
grant select on converged.machine_profiles to converged_web;
grant insert (id, user_id, profile, desired_state, image, region, cpu_kind, cpus, memory_mb, volume_gb, env, config,
    agentmail_inbox_id) on converged.machines to converged_web;
grant update (profile, desired_state, image, region, cpu_kind, cpus, memory_mb, volume_gb, env, config, agentmail_inbox_id,
    restart_requested_at, deleted_at) on converged.machines to converged_web;
grant select on converged.conditions, converged.events to converged_web;

-- The daemon: reads everything, writes status and records, releases deleted rows.
grant select on converged.users, converged.billing, converged.machine_profiles, converged.machines to converged_daemon;
grant update (observed_generation, profile_generation, status, gateway_url, gateway_token, fly_app, fly_machine_name, fly_volume_name,
    app_ready, app_asked_at, volume_asked_at, volume_looks, fly_volume_id, machine_asked_at, machine_looks, fly_machine_id, fly_instance_id, fly_region,
    region_attempt, spec_hash, restarted_at, repairs, repairs_since, unhealthy_since, running_at, status_at)
    on converged.machines to converged_daemon;
grant delete on converged.machines to converged_daemon;
grant select, insert, update, delete on converged.conditions, converged.traces, converged.orphans to converged_daemon;
grant select, insert on converged.events to converged_daemon;
grant select on converged.migrations to converged_daemon, converged_operator;

-- The operator: everything the web app may, profiles, pauses and the sweep mark; never tokens.
grant select, insert, update on converged.users, converged.billing to converged_operator;
grant select, insert, update, delete on converged.machine_profiles to converged_operator;
grant insert (id, user_id, profile, desired_state, image, region, cpu_kind, cpus, memory_mb, volume_gb, env, config,
    agentmail_inbox_id) on converged.machines to converged_operator;
grant update (profile, desired_state, image, region, cpu_kind, cpus, memory_mb, volume_gb, env, config, agentmail_inbox_id,
    restart_requested_at, deleted_at) on converged.machines to converged_operator;
grant select on converged.conditions, converged.events, converged.traces, converged.orphans to converged_operator;
grant update (sweep) on converged.orphans to converged_operator;

-- Everything of machines but the token.
call converged.grant_select_but('gateway_token', 'converged.machines', 'converged_web, converged_operator');
