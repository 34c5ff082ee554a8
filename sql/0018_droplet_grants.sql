-- Who may touch which column of droplets, teams, PAs, services and checklists. Gateway tokens are for the daemon alone.

-- The web app: teams and PAs; a PA's port is the database's choice. It reads the rest, but no output of steps.
grant select, insert (name, comment), update (comment) on converged.teams to converged_web;
grant select on converged.droplets, converged.team_droplets, converged.services, converged.dns_wanted to converged_web;
grant insert (id, name, team, droplet, image, desired_state, config, user_id) on converged.pas to converged_web;
grant update (image, desired_state, config, user_id, restart_requested_at, deleted_at) on converged.pas to converged_web;

-- The operator: all that is desired.
grant select, insert (name, comment), update (comment), delete on converged.teams to converged_operator;
grant select, insert, delete on converged.team_droplets to converged_operator;
grant select, insert (name, endpoint, address, domain, served_by, first_port, last_port, most_pas, caddy_admin,
        caddy_server, draining),
    update (endpoint, address, served_by, first_port, last_port, most_pas, caddy_admin, caddy_server, draining, deleted_at)
    on converged.droplets to converged_operator;
grant insert (id, name, team, droplet, port, image, desired_state, config, user_id) on converged.pas to converged_operator;
grant update (image, desired_state, config, user_id, restart_requested_at, deleted_at) on converged.pas to converged_operator;
grant select, insert (id, name, droplet, team, image, command, env, env_file, network, alias, mounts, address, port, container_port,
        health_path, health_command, needs, host, desired_state),
    update (image, command, env, env_file, network, alias, mounts, address, port, container_port, health_path, health_command, needs,
        host, desired_state, deleted_at)
    on converged.services to converged_operator;
grant select, insert, update, delete on converged.checklists, converged.checklist_steps to converged_operator;
grant select on converged.checklist_runs, converged.dns_wanted to converged_operator;

-- The daemon: reads everything, writes status and runs, releases rows whose deletion is carried out.
grant select on converged.teams, converged.team_droplets, converged.droplets, converged.pas, converged.services, converged.checklists,
    converged.checklist_steps, converged.dns_wanted to converged_daemon;
grant update (observed_generation, status, engine_version, status_at), delete on converged.droplets to converged_daemon;
grant update (observed_generation, status, gateway_url, gateway_token, running_at, status_at),
    delete on converged.pas to converged_daemon;
grant update (observed_generation, status, status_at), delete on converged.services to converged_daemon;
grant select, insert, update, delete on converged.checklist_runs to converged_daemon;

-- Everything of PAs but the token.
call converged.grant_select_but('gateway_token', 'converged.pas', 'converged_web, converged_operator');
