-- Public names in Caddy: what the daemon put there, and what wakes it.

-- Written by the daemon only, before Caddy is asked, under the lease of routes@<droplet>: only what stands here was ever ours, so
-- only that is taken out of Caddy again.
create table converged.routes (
    droplet converged.label not null references converged.droplets on delete cascade,
    id      text not null,                      -- @id in Caddy: pa_<id> or service_<id>
    host    text not null,
    port    integer not null,
    asked_at timestamptz not null,              -- for this host and port
    primary key (droplet, id)
);
grant select, insert, update, delete on converged.routes to converged_daemon;
grant select on converged.routes to converged_operator;

create trigger wake_routes after insert or update on converged.droplets
    for each row execute function converged.wake_desired('routes', 'name', 'name');
select converged.wake(converged.kind_at('routes', name), name, false) from converged.droplets;
