-- Assistants and team services in containers, where they go, and the names that DNS has to know for them.

create table converged.pas (
    -- Desired: written by the web app (and by the operator, who alone may name a port).
    id                   uuid primary key default gen_random_uuid(),
    name                 converged.label not null unique,  -- container pa-<name>, host <name>.<domain>; taken until the row is gone
    team                 converged.label not null references converged.teams,
    droplet              converged.label not null references converged.droplets,  -- null on insert: chosen by place_pa
    port                 integer not null check (port between 1024 and 65535),    -- null on insert: the droplet's lowest free one
    image                text not null default 'ghcr.io/openclaw/openclaw:2026.2.22'
        check (length(image) between 1 and 500 and image !~ '\s'),
    desired_state        text not null default 'running' check (desired_state in ('running', 'stopped')),
    config               jsonb not null default '{}' check (jsonb_typeof(config) = 'object' and length(config::text) <= 262144),
    user_id              uuid references converged.users,
    restart_requested_at timestamptz,                      -- set to converged.now(); answered by converged.containers.restarted_at
    deleted_at           timestamptz,                      -- the tombstone: set once, never taken back
    created_at           timestamptz not null default converged.now(),
    generation           bigint not null default 1,        -- bumped by trigger when a desired column changes

    -- Status: written by the daemon only, under the lease of job pa/<id>.
    observed_generation  bigint not null default 0,
    status               text not null default 'provisioning'
        check (status in ('provisioning', 'running', 'stopped', 'error', 'deleting')),
    gateway_url          text,
    gateway_token        text,                             -- AES-256-GCM, key id in front; hidden from the web app and the operator
    running_at           timestamptz,                      -- first time that its checklist was done and it was healthy
    status_at            timestamptz,
    unique (droplet, port),                                -- also against rows that are being deleted: no port is given twice
    constraint reserved_name check (name !~ '^(crm-|relay$)')
) with (fillfactor = 80);
create index on converged.pas (team);
create index on converged.pas (user_id) where user_id is not null;

-- A container each that is no PA: a team's (its CRM: server, worker, database, Redis) or a droplet's own (tez-mcp, the relay).
create table converged.services (
    -- Desired: written by the operator only, because an image, a command and a mount are power over the droplet.
    id                  uuid primary key default gen_random_uuid(),
    name                converged.label not null check (name !~ '^pa-'),  -- of the container
    droplet             converged.label not null references converged.droplets,
    team                converged.label references converged.teams,       -- null: the droplet's own
    image               text not null check (length(image) between 1 and 500 and image !~ '\s'),
    command             text[] check (cardinality(command) > 0),          -- argv; null: the image's
    env                 jsonb not null default '{}' check (jsonb_typeof(env) = 'object' and length(env::text) <= 65536),  -- no secrets
    env_file            text check (env_file ~ '^/[^ ]+$'),               -- on the droplet; secrets stay there
    network             text not null default 'bridge' check (network ~ '^[a-z0-9][a-z0-9_.-]*$'),  -- 'host', or a bridge by name
    alias               converged.label,                                  -- how others in the network call it
    mounts              text[] not null default '{}'                      -- volume-or-/path:/path-inside[:ro]
        check (array_to_string(mounts, E'\n', ':') ~ '^([^:[:space:]]+:/[^:[:space:]]+(:ro)?(\n|$))*$'),
    address             inet not null default '127.0.0.1',                -- where on the droplet the port listens
    port                integer check (port between 1 and 65535),         -- on the droplet; null: none
    container_port      integer check (container_port between 1 and 65535),
    health_path         text check (health_path ~ '^/[^ ]*$'),            -- asked by HTTP on the port, or
    health_command      text[] check (cardinality(health_command) > 0),   -- run inside, argv
    needs               text[] not null default '{}',                     -- services of the droplet that must be healthy before
    host                text check (host = '@' or host ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),  -- public name under the domain; '@': the domain
    desired_state       text not null default 'running' check (desired_state in ('running', 'stopped')),
    deleted_at          timestamptz,
    created_at          timestamptz not null default converged.now(),
    generation          bigint not null default 1,

    -- Status: written by the daemon only, under the lease of job service/<id>.
    observed_generation bigint not null default 0,
    status              text not null default 'provisioning'
        check (status in ('provisioning', 'running', 'stopped', 'error', 'deleting')),
    status_at           timestamptz,
    unique (droplet, name),
    unique (droplet, port),
    constraint a_port_has_two_ends check ((port is null) = (container_port is null)),
    constraint a_host_has_a_port check (host is null or port is not null),
    constraint crm_hosts_are_their_teams check (host !~ '^crm-' or host is not distinct from 'crm-' || team)
) with (fillfactor = 80);
create index on converged.services (team) where team is not null;

-- For each droplet: how many PAs it has, whether it is for this team's at all, and why it takes none now. Rows that are being
-- deleted still count.
create function converged.placements(team text)
    returns table (droplet text, pas bigint, most_pas integer, serves boolean, refusal text)
    language sql stable set search_path = pg_catalog, converged
as $$
    select d.name, held.pas, d.most_pas, whose.is_own or not whose.has_owner and not whose.has_own,
        case
            when d.deleted_at is not null then 'is being deleted'
            when d.draining then 'drains'
            when whose.has_own and not whose.is_own then 'is none of the team''s own'
            when whose.has_owner and not whose.is_own then 'belongs to other teams'
            when held.pas >= d.most_pas then format('is full: %s of %s PAs', held.pas, d.most_pas)
        end
    from converged.droplets d
        cross join lateral (select count(*) as pas from converged.pas p where p.droplet = d.name) held
        cross join lateral (
            select coalesce(bool_or(o.droplet = d.name and o.team = placements.team), false) as is_own,
                coalesce(bool_or(o.droplet = d.name), false) as has_owner,
                coalesce(bool_or(o.team = placements.team), false) as has_own
            from converged.team_droplets o) whose
    order by held.pas, d.name
$$;

-- Chooses droplet and port of a new PA; raises CV503 when no droplet takes it. A droplet that was named has to be one that
-- takes it: fewest PAs first, then by name. The port is the lowest that neither a PA nor a service has, and is kept.
create function converged.place_pa() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
declare
    refusals text;
begin
    perform converged.lock_placement();
    if not exists (select from converged.teams where name = new.team) then
        raise exception 'pa %: there is no team %', new.name, coalesce(new.team, '(null)')
            using errcode = 'foreign_key_violation', hint = 'insert it into converged.teams first';
    end if;
    if new.droplet is null then
        select droplet into new.droplet from converged.placements(new.team)
        where refusal is null order by pas, droplet limit 1;
    elsif not exists (select from converged.droplets where name = new.droplet) then
        raise exception 'pa %: there is no droplet %', new.name, new.droplet
            using errcode = 'foreign_key_violation', hint = 'leave the droplet out, the database chooses one';
    end if;
    if not exists (select from converged.placements(new.team) where droplet = new.droplet and refusal is null) then
        select string_agg(droplet || ' ' || refusal, ', ' order by droplet) into refusals
        from converged.placements(new.team) where new.droplet is null or droplet = new.droplet;
        raise exception 'pa %: no droplet takes another PA of team %: %', new.name, new.team, coalesce(refusals, 'there is none')
            using errcode = 'CV503',
                hint = 'undrain a droplet, raise its most_pas or add one; select * from converged.placements(team) shows each';
    end if;
    if new.port is null then
        select min(free) into new.port
        from converged.droplets d, generate_series(d.first_port, d.last_port) as free
        where d.name = new.droplet
            and not exists (select from converged.pas p where p.droplet = d.name and p.port = free)
            and not exists (select from converged.services s where s.droplet = d.name and s.port = free);
        if new.port is null then
            raise exception 'pa %: droplet % has no free port', new.name, new.droplet
                using errcode = 'CV503', hint = 'widen its range: first_port, last_port';
        end if;
    elsif exists (select from converged.services s where s.droplet = new.droplet and s.port = new.port) then
        raise exception 'pa %: port % of droplet % is a service''s', new.name, new.port, new.droplet
            using errcode = 'unique_violation', hint = 'leave the port out, the database chooses one';
    end if;
    if exists (
        select from converged.services s
            join converged.droplets there on there.name = s.droplet
            join converged.droplets here on here.name = new.droplet and here.domain = there.domain
        where s.host = new.name) then
        raise exception 'pa %: a service has that host name', new.name
            using errcode = 'unique_violation', hint = 'take another name';
    end if;
    return new;
end
$$;

-- The same care for services: no port or host name of somebody else, and nothing new on a droplet that drains.
create function converged.place_service() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
declare
    here converged.droplets;
begin
    perform converged.lock_placement();
    select * into here from converged.droplets where name = new.droplet;
    if tg_op = 'INSERT' and (here.draining or here.deleted_at is not null) then
        raise exception 'service %: droplet % takes nothing new', new.name, new.droplet
            using errcode = 'CV503', hint = format('`converged droplets undrain %s` lets it', new.droplet);
    end if;
    if exists (select from converged.pas p where p.droplet = new.droplet and p.port = new.port) then
        raise exception 'service %: port % of droplet % is a PA''s', new.name, new.port, new.droplet
            using errcode = 'unique_violation', hint = 'PAs keep their ports: take one outside the droplet''s range';
    end if;
    if exists (
        select from converged.pas p join converged.droplets there on there.name = p.droplet
        where p.name = new.host and there.domain = here.domain
        union all
        select from converged.services s join converged.droplets there on there.name = s.droplet
        where s.host = new.host and s.id <> new.id and there.domain = here.domain)
    then
        raise exception 'service %: %.% is somebody else''s', new.name, new.host, here.domain
            using errcode = 'unique_violation', hint = 'take another host';
    end if;
    return new;
end
$$;

create trigger a_guard_pa before insert or update on converged.pas
    for each row execute function converged.guard_desired('pa', 'name', '{id,name,team,droplet,port,created_at}',
        '{image,desired_state,config,user_id,restart_requested_at,deleted_at}');
create trigger b_place_pa before insert on converged.pas for each row execute function converged.place_pa();
create trigger record_pa after insert or update on converged.pas
    for each row execute function converged.record_desired('pa', 'id');

create trigger a_guard_service before insert or update on converged.services
    for each row execute function converged.guard_desired('service', 'name', '{id,name,droplet,team,created_at}',
        '{image,command,env,env_file,network,alias,mounts,address,port,container_port,health_path,health_command,needs,host,desired_state,deleted_at}');
create trigger b_place_service before insert or update of port, host on converged.services
    for each row execute function converged.place_service();
create trigger record_service after insert or update on converged.services
    for each row execute function converged.record_desired('service', 'id');

-- What DNS has to say, from the rows alone. `value` is what to enter at the provider, `address` what it has to resolve to. The apex
-- can't be an alias of itself: it points at a name on the same droplet, or, if there is none, is an A record too.
create view converged.dns_wanted as
    with names as (
        select p.name || '.' || d.domain as name, d.address, d.domain, d.name as droplet, 'pa/' || p.name as object
        from converged.pas p join converged.droplets d on d.name = p.droplet
        where p.deleted_at is null
        union all
        select case s.host when '@' then d.domain else s.host || '.' || d.domain end, d.address, d.domain, d.name,
            'service/' || s.name
        from converged.services s join converged.droplets d on d.name = s.droplet
        where s.host is not null and s.deleted_at is null)
    select n.name, case when target.name is null then 'A' else 'ALIAS' end as type,
        coalesce(target.name, host(n.address)) as value, host(n.address) as address, n.object, n.droplet, n.domain::text
    from names n
        left join lateral (
            select min(o.name) as name from names o
            where n.name = n.domain and o.name <> n.domain and o.droplet = n.droplet and o.object like 'service/%') target
            on true;
