-- What the daemon tells about objects: conditions (now), events (then), traces (why), orphans (what nobody owns).
-- Written by the daemon only. `key` is the job's key: the machine's id, or the name of a fleet ('fly').

create table converged.conditions (
    kind       text not null,
    key        text not null,
    type       text not null,                     -- Ready, Healthy, … ; for fleets Surveyed, Repairs, …
    status     text not null check (status in ('True', 'False', 'Unknown')),
    reason     text not null,                     -- CamelCase, each with a page in runbooks/
    message    text not null default '',
    generation bigint not null default 0,
    since      timestamptz not null,              -- when status or reason last changed
    primary key (kind, key, type)
);
create index conditions_reason on converged.conditions (reason) where status <> 'True';

create table converged.events (
    id      bigint generated always as identity,
    kind    text not null,
    key     text not null,
    at      timestamptz not null default converged.now(),
    actor   text not null,                        -- converged | web | operator name
    reason  text not null,
    message text not null default ''
) partition by range (at);
create table converged.events_default partition of converged.events default;
create index on converged.events (kind, key, at);

insert into converged.partitioned values ('events', 90);
select converged.keep_partitions();

-- Desired, observed and plan of the last run per object, redacted: what `converged why` and `converged plan` show.
create table converged.traces (
    kind     text not null,
    key      text not null,
    at       timestamptz not null,
    desired  jsonb not null,
    observed jsonb not null,
    plan     jsonb not null,                      -- array of actions
    outcome  text not null,
    primary key (kind, key)
) with (fillfactor = 70);

-- Vendor objects with our mark or name but without a row. Listed always, swept only when told to.
create table converged.orphans (
    vendor     text not null,
    type       text not null check (type in ('app', 'machine', 'volume', 'container')),
    id         text not null,
    app        text not null,
    name       text not null default '',
    region     text not null default '',
    first_seen timestamptz not null,
    last_seen  timestamptz not null,
    sweep      boolean not null default false,    -- the operator's word: delete it after the grace period
    primary key (vendor, type, id)
);

-- A desired column changed: remember who asked for what, 90 days. Values stay out: config and env may be private.
create function converged.record_machine() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
declare
    changed text[];
begin
    if tg_op = 'INSERT' then
        insert into converged.events (kind, key, actor, reason, message)
        values ('machine', new.id::text, session_user, 'Requested', format('profile %s', new.profile));
        return null;
    end if;
    if new.generation = old.generation then
        return null;
    end if;
    select array_agg(was.key order by was.key) into changed
    from jsonb_each(to_jsonb(old)) was join jsonb_each(to_jsonb(new)) now on now.key = was.key
    where was.value is distinct from now.value and was.key <> 'generation';
    insert into converged.events (kind, key, actor, reason, message)
    values ('machine', new.id::text, session_user, 'Changed',
        format('generation %s: %s', new.generation, array_to_string(changed, ', ')));
    return null;
end
$$;
create trigger record_machine after insert or update on converged.machines
    for each row execute function converged.record_machine();
