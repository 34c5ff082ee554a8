-- Desired state: what the web app writes, and the status columns that the daemon answers in.

create table converged.users (
    id         uuid primary key default gen_random_uuid(),
    clerk_id   text unique,
    email      text,
    name       text,
    timezone   text not null default 'UTC',
    -- Short handle in host and machine names: the id's first 8 hex digits, more when those are taken. Never changes.
    short_id   text not null unique check (short_id ~ '^[a-z0-9]{6,20}$'),
    created_at timestamptz not null default converged.now()
);

create function converged.set_short_id() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
declare
    digits text := replace(new.id::text, '-', '');
begin
    if tg_op = 'UPDATE' then
        if new.short_id is distinct from old.short_id or new.id is distinct from old.id then
            raise exception 'user %: id and short_id never change, machines are named after them', old.id
                using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if new.short_id is null then
        new.short_id := left(digits, 8);
        if exists (select 1 from converged.users where short_id = new.short_id) then
            new.short_id := left(digits, 16);
        end if;
    end if;
    return new;
end
$$;
create trigger set_short_id before insert or update on converged.users
    for each row execute function converged.set_short_id();

create table converged.billing (
    user_id                uuid primary key references converged.users on delete cascade,
    stripe_customer_id     text unique,
    stripe_subscription_id text unique,
    subscription_status    text check (subscription_status in ('active', 'past_due', 'canceled')),
    current_period_end     timestamptz,
    updated_at             timestamptz not null default converged.now()
);

-- A profile is a shape of machine; the operator writes it. Templates know {short_id}, {app}, {machine_id}, {port}.
create table converged.machine_profiles (
    name             text primary key,
    generation       bigint not null default 1,   -- bumped by trigger when anything else changes
    app_mode         text not null check (app_mode in ('per_user', 'shared')),
    app_name         text not null,               -- 'automna-u-{short_id}' | 'molt-os-bots'
    machine_name     text not null,
    network          text,                        -- private network of a per-user app; null: the organisation's
    addresses        text[] not null default '{shared_v4,v6}',
    regions          text[] not null check (cardinality(regions) between 1 and 20),  -- in order of preference
    image            text not null,
    cpu_kind         text not null default 'shared' check (cpu_kind in ('shared', 'performance')),
    cpus             integer not null default 1 check (cpus between 1 and 16),
    memory_mb        integer not null check (memory_mb >= 256 and memory_mb % 256 = 0),
    volume_name      text not null check (volume_name ~ '^[a-z0-9_{}]{1,40}$'),
    volume_gb        integer not null check (volume_gb between 1 and 500),
    volume_path      text not null,
    volume_encrypted boolean not null default true,
    internal_port    integer not null check (internal_port between 1 and 65535),
    handlers         text[] not null default '{tls,http}',
    check_path       text not null default '/healthz',
    check_grace_s    integer not null default 60 check (check_grace_s between 1 and 600),
    restart_policy   text not null default 'always' check (restart_policy in ('no', 'on-failure', 'always')),
    env              jsonb not null default '{}' check (jsonb_typeof(env) = 'object'),
    token_env        text[] not null default '{OPENCLAW_GATEWAY_TOKEN}',  -- every name that carries the gateway token
    user_env         text not null default 'CONVERGED_USER_ID',
    config_env       text not null default 'OPENCLAW_CONFIG',
    config           jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
    gateway_url      text not null
);

insert into converged.machine_profiles
    (name, app_mode, app_name, machine_name, network, regions, image, memory_mb, volume_name, volume_gb, volume_path,
     internal_port, check_path, gateway_url, config)
values
    ('automna', 'per_user', 'automna-u-{short_id}', 'gateway-{short_id}', 'automna-u-{short_id}', '{iad,ord,ewr}',
     'ghcr.io/openclaw/openclaw:2026.2.22', 2048, 'data_{short_id}', 1, '/home/node/.openclaw',
     18789, '/healthz', 'https://{app}.fly.dev',
     '{"gateway": {"mode": "local", "port": 18789, "bind": "lan", "auth": {"mode": "token"}}}');

insert into converged.machine_profiles
    (name, app_mode, app_name, machine_name, regions, image, memory_mb, volume_name, volume_gb, volume_path,
     internal_port, check_path, token_env, user_env, config_env, gateway_url, env, config)
values
    ('molt', 'shared', 'molt-os-bots', 'bot-{short_id}', '{iad,ord,ewr}',
     'ghcr.io/clawdbot/clawdbot:latest', 512, 'data_{short_id}', 10, '/data',
     18789, '/status', '{OPENCLAW_GATEWAY_TOKEN,MOLT_GATEWAY_TOKEN}', 'MOLT_USER_ID', 'CLAWDBOT_CONFIG',
     'http://{machine_id}.vm.{app}.internal:{port}', '{"PROXY_URL": "https://automna-proxy.fly.dev"}',
     '{"gateway": {"mode": "local", "port": 18789, "bind": "lan", "auth": {"mode": "token"}}}');

create table converged.machines (
    -- Desired: written by the web app (and by the operator).
    id                   uuid primary key default gen_random_uuid(),
    user_id              uuid not null references converged.users,
    profile              text not null,           -- no foreign key: an unknown one becomes a blocked condition, not a lost sign-up
    desired_state        text not null default 'running' check (desired_state in ('running', 'stopped')),
    image                text check (length(image) between 1 and 500),        -- null: the profile's, like the next five
    region               text check (length(region) between 1 and 50),
    cpu_kind             text check (cpu_kind in ('shared', 'performance')),
    cpus                 integer check (cpus between 1 and 16),
    memory_mb            integer check (memory_mb >= 256 and memory_mb % 256 = 0),
    volume_gb            integer check (volume_gb between 1 and 500),         -- grows only
    env                  jsonb not null default '{}' check (jsonb_typeof(env) = 'object' and length(env::text) <= 65536),
    config               jsonb not null default '{}' check (jsonb_typeof(config) = 'object' and length(config::text) <= 262144),
    agentmail_inbox_id   text check (length(agentmail_inbox_id) between 1 and 320),
    restart_requested_at timestamptz,             -- set to converged.now(); answered by restarted_at
    deleted_at           timestamptz,             -- the tombstone: set once, never taken back; the row goes when the vendor shows nothing
    created_at           timestamptz not null default converged.now(),
    generation           bigint not null default 1,  -- bumped by trigger when a desired column changes

    -- Status: written by the daemon only, under the lease of job machine/<id>.
    observed_generation  bigint not null default 0,  -- the generation that status speaks of
    profile_generation   bigint not null default 0,  -- the profile generation that was applied last
    status               text not null default 'provisioning'
        check (status in ('provisioning', 'running', 'stopped', 'error', 'deleting')),
    gateway_url          text,
    gateway_token        text,                    -- AES-256-GCM, key id in front; made once, before it is used; hidden from the web app
    fly_app              text,                    -- intent: stored before the app is created, like the next two
    fly_machine_name     text,
    fly_volume_name      text,
    app_ready            boolean not null default false,   -- app and addresses were seen
    app_asked_at         timestamptz,             -- this machine makes its app and the addresses: one of those that share it
    volume_asked_at      timestamptz,             -- a volume create may be under way: look before asking again
    volume_looks         smallint not null default 0,      -- lists since then that agree on no such volume
    fly_volume_id        text,
    machine_asked_at     timestamptz,             -- a machine create may be under way
    machine_looks        smallint not null default 0,      -- lists since then that agree on no such machine
    fly_machine_id       text,
    fly_instance_id      text,                    -- version seen when it was last proven right
    fly_region           text,
    region_attempt       smallint not null default 0,      -- how far down the profile's regions capacity errors pushed us
    spec_hash            text,                    -- of the machine config that was applied last
    restarted_at         timestamptz,             -- the restart request that was carried out last
    repairs              smallint not null default 0,      -- restarts for bad health since repairs_since
    repairs_since        timestamptz,
    unhealthy_since      timestamptz,
    running_at           timestamptz,             -- first time it was healthy
    status_at            timestamptz
) with (fillfactor = 80);

create unique index machines_user_profile on converged.machines (user_id, profile) where deleted_at is null;
create unique index machines_fly_name on converged.machines (fly_app, fly_machine_name) where fly_app is not null;
create unique index machines_fly_app_asked on converged.machines (fly_app) where app_asked_at is not null;
create index machines_fly_machine_id on converged.machines (fly_machine_id) where fly_machine_id is not null;
create index machines_profile on converged.machines (profile);

create function converged.guard_machine() returns trigger
    language plpgsql set search_path = pg_catalog, converged
as $$
begin
    if tg_op = 'INSERT' then
        new.generation := 1;
        return new;
    end if;
    if new.id <> old.id or new.user_id <> old.user_id or new.profile <> old.profile and old.fly_app is not null then
        raise exception 'machine %: id, user and (once provisioned) profile never change: delete it and insert a new row', old.id
            using errcode = 'check_violation';
    end if;
    if old.deleted_at is not null and new.deleted_at is distinct from old.deleted_at then
        raise exception 'machine %: a deletion is final, insert a new row instead', old.id using errcode = 'check_violation';
    end if;
    if (new.profile, new.desired_state, new.image, new.region, new.cpu_kind, new.cpus, new.memory_mb, new.volume_gb, new.env,
        new.config, new.agentmail_inbox_id, new.restart_requested_at, new.deleted_at)
        is distinct from
       (old.profile, old.desired_state, old.image, old.region, old.cpu_kind, old.cpus, old.memory_mb, old.volume_gb, old.env,
        old.config, old.agentmail_inbox_id, old.restart_requested_at, old.deleted_at)
    then
        new.generation := old.generation + 1;
    else
        new.generation := old.generation;
    end if;
    return new;
end
$$;
create trigger guard_machine before insert or update on converged.machines
    for each row execute function converged.guard_machine();

create function converged.wake_machine() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
begin
    if tg_op = 'INSERT' or new.generation <> old.generation then
        perform converged.wake('machine', new.id::text, true);
    end if;
    return null;
end
$$;
create trigger wake_machine after insert or update on converged.machines
    for each row execute function converged.wake_machine();

-- A changed profile touches a whole fleet: it bumps its generation and wakes the survey, which lets machines
-- follow in batches; it does not wake the machines itself.
create function converged.bump_profile() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
begin
    if new is distinct from old then
        new.generation := old.generation + 1;
        perform converged.wake('survey', 'fly', true);
    end if;
    return new;
end
$$;
create trigger bump_profile before update on converged.machine_profiles
    for each row execute function converged.bump_profile();

-- A machine that named a profile nobody knew is worth another look when one is added.
create function converged.wake_profile_users() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
begin
    perform converged.wake('machine', id::text, true) from converged.machines where profile = new.name;
    return null;
end
$$;
create trigger wake_profile_users after insert on converged.machine_profiles
    for each row execute function converged.wake_profile_users();
