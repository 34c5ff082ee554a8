-- Docker hosts and the teams on them: desired rows and the status that the daemon answers in.

create domain converged.label as text
    constraint must_be_a_dns_label check (value ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');
-- With a label and a dot in front it still has at most 253 characters.
create domain converged.host_name as text
    constraint must_be_a_host_name check (
        length(value) <= 189 and value ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');

-- The same duty for every kind below. Arguments: kind, column that is the key, columns that never change, desired columns.
create function converged.guard_desired() returns trigger
    language plpgsql set search_path = pg_catalog, converged
as $$
declare
    was jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) end;
    wanted jsonb := to_jsonb(new);
    fixed text;
begin
    if tg_op = 'INSERT' then
        new.generation := 1;
        return new;
    end if;
    foreach fixed in array tg_argv[2]::text[] loop
        if wanted -> fixed is distinct from was -> fixed then
            raise exception '% %: % never changes', tg_argv[0], was ->> tg_argv[1], fixed
                using errcode = 'check_violation', hint = 'delete it and insert a new row';
        end if;
    end loop;
    if was ->> 'deleted_at' is not null and wanted -> 'deleted_at' is distinct from was -> 'deleted_at' then
        raise exception '% %: a deletion is final', tg_argv[0], was ->> tg_argv[1]
            using errcode = 'check_violation', hint = 'insert a new row';
    end if;
    new.generation := old.generation + (exists (
        select from unnest(tg_argv[3]::text[]) as desired (name) where wanted -> name is distinct from was -> name))::integer;
    return new;
end
$$;

-- Who asked for what, 90 days. Names of columns only: configs may be private. Arguments: kind, column that is the key.
create function converged.record_desired() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
declare
    was jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) end;
    wanted jsonb := to_jsonb(new);
    said text := wanted ->> 'name';
begin
    if tg_op = 'UPDATE' then
        if new.generation = old.generation then
            return null;
        end if;
        select format('generation %s: %s', new.generation, string_agg(now.key, ', ' order by now.key)) into said
        from jsonb_each(wanted) now
        where now.value is distinct from was -> now.key and now.key <> 'generation';
    end if;
    insert into converged.events (kind, key, actor, reason, message)
    values (tg_argv[0], wanted ->> tg_argv[1], session_user, case tg_op when 'INSERT' then 'Requested' else 'Changed' end, said);
    return null;
end
$$;

-- One after the other: who places a PA, gives away a port or a name, or lets a droplet drain. An advisory lock, because locks on
-- rows would hold up the daemon's status writes behind a web app's open transaction.
create function converged.lock_placement() returns void
    language plpgsql set search_path = pg_catalog, converged set lock_timeout = '10s'
as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'places, ports and names are given at isolation level read committed only'
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'an older snapshot does not see what others took: begin the transaction without an isolation level';
    end if;
    perform pg_advisory_xact_lock(hashtext('converged.placement'));
exception
    when lock_not_available then
        raise exception 'another transaction that places something is still open'
            using errcode = 'lock_not_available', hint = 'try again; whoever inserts PAs or services should commit soon';
end
$$;

create table converged.teams (
    -- Written by the web app and the operator.
    name       converged.label primary key check (length(name) <= 59),  -- in crm-<team>
    comment    text not null default '' check (length(comment) <= 500),
    created_at timestamptz not null default converged.now()
);

create table converged.droplets (
    -- Desired: written by the operator.
    name                converged.label primary key,
    endpoint            text not null default 'unix:///var/run/docker.sock'   -- the Docker Engine API
        check (endpoint ~ '^(unix:///[^ ]+|https://[^ ]+)$' and length(endpoint) <= 300),
    address             inet not null check (family(address) = 4 and masklen(address) = 32),  -- public; what its names resolve to
    domain              converged.host_name not null,                         -- its PAs are <name>.<domain>
    served_by           text check (length(served_by) between 1 and 200),     -- the daemon beside its socket; null: any
    first_port          integer not null default 19100 check (first_port between 1024 and 65535),  -- PAs' ports, both included
    last_port           integer not null default 19999 check (last_port between 1024 and 65535),
    most_pas            integer not null default 8 check (most_pas between 0 and 1000),  -- a PA wants 2 GB at best, 1 GB at least
    caddy_admin         text check (caddy_admin ~ '^(unix:///[^ ]+|http://[^ /?#@]+)$' and length(caddy_admin) <= 300),  -- its
                                                         --   admin API, as its daemon reaches it; null: no Caddy of ours
    caddy_server        text not null default 'srv0'     -- which of its HTTP servers has our routes; a Caddyfile makes srv0
        check (caddy_server ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    draining            boolean not null default false,  -- takes no new PA or service; what is there stays
    deleted_at          timestamptz,                     -- the tombstone, only once nothing is left on it
    created_at          timestamptz not null default converged.now(),
    generation          bigint not null default 1,       -- bumped by trigger when a desired column changes

    -- Status: written by the daemon only.
    observed_generation bigint not null default 0,
    status              text not null default 'unknown' check (status in ('unknown', 'reachable', 'unreachable', 'deleting')),
    engine_version      text,
    engine_id           text constraint droplets_engine_id_key unique,  -- which Docker engine it has; any other one is refused work
    status_at           timestamptz,
    check (first_port <= last_port),
    constraint a_socket_has_a_daemon check (
        served_by is not null or endpoint not like 'unix:%' and coalesce(caddy_admin, '') not like 'unix:%')
) with (fillfactor = 80);

-- A team's own droplets: its PAs go there and nowhere else, and other teams' PAs don't. A droplet without a row here takes
-- those of every team that has none of its own. Written by the operator; what is placed already stays.
create table converged.team_droplets (
    team    converged.label references converged.teams,
    droplet converged.label references converged.droplets on delete cascade,
    primary key (team, droplet)
);
create index on converged.team_droplets (droplet);

create trigger a_guard_droplet before insert or update on converged.droplets
    for each row execute function converged.guard_desired('droplet', 'name', '{name,domain,created_at}',
        '{endpoint,address,served_by,first_port,last_port,most_pas,caddy_admin,caddy_server,draining,deleted_at}');
create trigger record_droplet after insert or update on converged.droplets
    for each row execute function converged.record_desired('droplet', 'name');

-- A drain that has returned holds for every placement after it, and a droplet goes only when nothing lives on it.
create function converged.close_droplet() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
declare
    pas bigint;
    services bigint;
begin
    if (new.draining, new.deleted_at) is not distinct from (old.draining, old.deleted_at) then
        return new;
    end if;
    perform converged.lock_placement();
    if new.deleted_at is not null and old.deleted_at is null then
        select count(*) into pas from converged.pas where droplet = old.name;
        select count(*) into services from converged.services where droplet = old.name;
        if pas + services > 0 then
            raise exception 'droplet % still holds % PAs and % services', old.name, pas, services
                using errcode = 'check_violation', hint = 'delete those first: set their deleted_at, and wait until the rows are gone';
        end if;
    end if;
    return new;
end
$$;
create trigger b_close_droplet before update of draining, deleted_at on converged.droplets
    for each row execute function converged.close_droplet();
