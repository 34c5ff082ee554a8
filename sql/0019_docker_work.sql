-- Who works on what lives on droplets, and what the workers remember of a container.

-- Work for a droplet is leased only by a daemon that serves it: job kinds carry the droplet's name, and a worker leaves kinds
-- alone that it doesn't know.
create function converged.kind_at(kind text, droplet text) returns text
    language sql immutable parallel safe
    return kind || '@' || droplet;

-- One row for each PA and service that ever had a container. Written by the daemon only, under the lease of pa@… or service@….
create table converged.containers (
    kind              text not null check (kind in ('pa', 'service')),
    key               text not null,                -- the row's id
    droplet           converged.label not null references converged.droplets,
    epoch             bigint not null default 0,    -- intent: the create that was asked for last, in the label converged.epoch
    container_id      text,                         -- the one that was proven last
    spec_hash         text,                         -- of that one
    failed_hash       text,                         -- a specification that was rolled back, not tried again
    failed_generation bigint,                       --   before the row has another generation
    failed_why        text,
    data_made_at      timestamptz,                  -- the data directory was made; a missing one is never made again
    restarted_at      timestamptz,                  -- the restart request that was carried out last
    repairs           smallint not null default 0,  -- restarts for bad health since repairs_since
    repairs_since     timestamptz,
    unhealthy_since   timestamptz,
    claims            text[] not null default '{}',  -- what we put into its files, digests of values with their places
    primary key (kind, key)
) with (fillfactor = 70);
create index on converged.containers (droplet);
create index on converged.containers (container_id) where container_id is not null;

-- Arguments: kind, column that is the key, column that names the droplet.
create function converged.wake_desired() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
declare
    wanted jsonb := to_jsonb(new);
begin
    if tg_op = 'INSERT' or new.generation <> old.generation then
        perform converged.wake(converged.kind_at(tg_argv[0], wanted ->> tg_argv[2]), wanted ->> tg_argv[1], true);
    end if;
    return null;
end
$$;
create trigger wake_pa after insert or update on converged.pas
    for each row execute function converged.wake_desired('pa', 'id', 'droplet');
create trigger wake_service after insert or update on converged.services
    for each row execute function converged.wake_desired('service', 'id', 'droplet');
create trigger wake_droplet after insert or update on converged.droplets
    for each row execute function converged.wake_desired('survey', 'name', 'name');

-- What Caddy of a droplet shows follows from its PAs and services. Both kinds of rows are released by the daemon, hence delete.
create function converged.wake_routes() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
begin
    if tg_op = 'DELETE' then
        perform converged.wake(converged.kind_at('routes', old.droplet), old.droplet, true);
    elsif tg_op = 'INSERT' or new.generation <> old.generation then
        perform converged.wake(converged.kind_at('routes', new.droplet), new.droplet, true);
    end if;
    return null;
end
$$;
create trigger wake_routes after insert or update or delete on converged.pas
    for each row execute function converged.wake_routes();
create trigger wake_routes after insert or update or delete on converged.services
    for each row execute function converged.wake_routes();

grant select, insert, update, delete on converged.containers to converged_daemon;
grant select on converged.containers to converged_operator;
-- Not why one failed: that holds the end of a log.
grant select (kind, key, droplet, container_id, spec_hash, restarted_at) on converged.containers to converged_web;
