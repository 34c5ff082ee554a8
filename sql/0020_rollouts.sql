-- Rollouts: a new image for all PAs, or those of a team or a droplet: canaries first, then batches, halted by itself.
-- Whoever may start one writes no row: functions do, and the daemon moves it with converged.advance_rollout alone.

create table converged.rollouts (
    id              bigint generated always as identity primary key,
    -- Asked for, by converged.start_rollout.
    image           text not null,
    team            converged.label,                   -- null: all; no reference, because what is gone must not lose its story
    droplet         converged.label,                   -- null: all
    max_unavailable integer not null check (max_unavailable between 1 and 1000),    -- PAs of a droplet under way at once
    canaries        integer not null check (canaries between 0 and 1000),           -- healthy PAs that go before all others
    soak_s          integer not null check (soak_s between 0 and 604800),           -- so long each stays healthy before the next batch
    failure_budget  integer not null check (failure_budget between 0 and 10000),    -- more failures than that halt it
    ready_within_s  integer not null check (ready_within_s between 10 and 604800),  -- after that a PA that isn't Ready has failed
    created_by      text not null default session_user,
    created_at      timestamptz not null default converged.now(),
    -- Where it stands: by the functions below, which the operator calls, and by advance_rollout.
    direction       text not null default 'forward' check (direction in ('forward', 'back')),
    state           text not null default 'rolling' check (state in ('rolling', 'halted', 'done')),
    why             text not null default '',
    generation      bigint not null default 1,         -- bumped by every word of a person: the daemon's view of before is void
    observed_generation bigint not null default 0,
    changed_at      timestamptz not null default converged.now()
);
create index on converged.rollouts (id) where state <> 'done';

create table converged.rollout_members (
    rollout    bigint not null references converged.rollouts on delete cascade,
    pa         uuid not null,                          -- no reference: it may be deleted meanwhile, which is said
    name       text not null,
    droplet    text not null,
    from_image text not null,                          -- what it goes back to
    batch      integer not null default 0,             -- 0: canaries
    place      integer not null default 0,
    state      text not null default 'waiting'
        check (state in ('waiting', 'updating', 'soaking', 'done', 'failed', 'reverted', 'skipped')),
    why        text not null default '',
    since      timestamptz not null default converged.now(),  -- of the state
    began_at   timestamptz,                            -- its image was set; ready_within_s counts from here
    generation bigint,                                 -- of the PA's row then: what is told of earlier ones proves nothing
    was_ready  boolean not null default false,         -- just before; who was ill already spends no failure budget
    is_forgiven boolean not null default false,        -- a failure that a person saw and went on
    primary key (rollout, pa)
) with (fillfactor = 80);
create index on converged.rollout_members ((pa::text)) where state in ('updating', 'soaking', 'failed');

-- `[host[:port]/]path[:tag][@sha256:digest]`, and it says which version.
create function converged.is_versioned_image(image text) returns boolean
    language sql immutable parallel safe
    return image ~ ('^([a-zA-Z0-9.-]+(:[0-9]{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*'
        '(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$')
        and image ~ '(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$' and length(image) <= 500;

-- Batches of those that wait. The healthy and the ill are never in one batch, and of a droplet at most max_unavailable are.
create function converged.plan_batches(rollout bigint, canaries integer, ill_first boolean) returns void
    language sql set search_path = pg_catalog, converged
as $$
    with waiting as (
        select m.pa, m.droplet, m.name, r.max_unavailable, exists (
            select from converged.pas p
                join converged.conditions c on c.kind = 'pa' and c.key = p.id::text and c.type = 'Ready' and c.status = 'True'
            where p.id = m.pa and p.desired_state = 'running') as is_well
        from converged.rollout_members m join converged.rollouts r on r.id = m.rollout
        where m.rollout = plan_batches.rollout and m.state = 'waiting'
    ), ranked as (
        select *, row_number() over (partition by droplet, is_well order by name) as nth from waiting
    ), placed as (
        select *, row_number() over (order by is_well = ill_first, nth, droplet) as place from ranked
    ), led as (
        select *, is_well and place <= plan_batches.canaries as leads from placed
    ), counted as (
        select *, row_number() over (partition by droplet, is_well, leads order by place) as turn from led
    ), lots as (
        select *, case when leads then 0 else (turn + max_unavailable - 1) / max_unavailable end as lot from counted
    ), laid as (
        select *, lot + case when is_well = ill_first
            then coalesce(max(lot) filter (where is_well <> ill_first) over (), 0) else 0 end as batch
        from lots
    )
    update converged.rollout_members m set batch = laid.batch, place = laid.place
    from laid where m.rollout = plan_batches.rollout and m.pa = laid.pa
$$;

-- Refuses with CV409 when one of a rollout's PAs is in another one that is still open; a halted one may be replaced.
create function converged.assert_alone(rollout bigint, replaces boolean) returns void
    language plpgsql set search_path = pg_catalog, converged
as $$
declare
    other record;
begin
    for other in
        select r.id, r.image, r.state, count(*) as pas, min(theirs.name) as first
        from converged.rollouts r
            join converged.rollout_members theirs on theirs.rollout = r.id and theirs.state <> 'skipped'
            join converged.rollout_members ours on ours.rollout = assert_alone.rollout and ours.pa = theirs.pa
        where r.state <> 'done' and r.id <> assert_alone.rollout
        group by r.id order by r.id
    loop
        if not replaces or other.state <> 'halted' then
            raise exception 'rollout % to % covers % of these PAs (% first) and is %', other.id, other.image, other.pas,
                other.first, other.state
                using errcode = 'CV409', hint = case other.state
                    when 'halted' then format('revert or resume it, or replace it: `converged rollout start --replace`, replaces => true')
                    else format('wait until it is done, or `converged rollout halt %s` and replace it', other.id) end;
        end if;
        update converged.rollout_members m set state = 'skipped', since = converged.now(),
            why = format('rollout %s took its place', assert_alone.rollout)
        where m.rollout = other.id and m.state = 'waiting';
        perform converged.tell_rollout(other.id, 'done', format('rollout %s took its place', assert_alone.rollout), 'Changed');
    end loop;
end
$$;

-- A person's or the daemon's word: state, why, event, and a look at once.
create function converged.tell_rollout(rollout bigint, state text, why text, reason text, actor text default session_user)
    returns void
    language plpgsql set search_path = pg_catalog, converged
as $$
begin
    update converged.rollouts r set state = tell_rollout.state, why = tell_rollout.why, generation = r.generation + 1,
        changed_at = converged.now()
    where r.id = rollout;
    insert into converged.events (kind, key, actor, reason, message)
    values ('rollout', rollout::text, actor, reason, tell_rollout.why);
    perform converged.wake('rollout', rollout::text, true);
end
$$;

-- Starts one and returns its number. Refused: CV404 no such team or droplet, CV409 another rollout has these PAs or nobody
-- needs it, 22023 what can't be an image.
create function converged.start_rollout(
    image text, team text default null, droplet text default null, max_unavailable integer default 1,
    canaries integer default 1, soak_s integer default 60, failure_budget integer default 0,
    ready_within_s integer default 3600, replaces boolean default false) returns bigint
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_variable
declare
    started bigint;
    members bigint;
begin
    if not coalesce(converged.is_versioned_image(image), false) then
        raise exception '''%'' is no image with a version', left(coalesce(image, ''), 100)
            using errcode = 'invalid_parameter_value', hint = 'as in ghcr.io/openclaw/openclaw:2026.2.22, or with @sha256:…';
    end if;
    if team is not null and not exists (select from converged.teams t where t.name = team) then
        raise exception 'there is no team %', team using errcode = 'CV404', hint = 'select name from converged.teams lists them';
    end if;
    if droplet is not null and not exists (select from converged.droplets d where d.name = droplet) then
        raise exception 'there is no droplet %', droplet
            using errcode = 'CV404', hint = '`converged droplets list` shows them';
    end if;
    perform pg_advisory_xact_lock(hashtext('converged.rollouts'));
    insert into converged.rollouts (image, team, droplet, max_unavailable, canaries, soak_s, failure_budget, ready_within_s)
    values (image, team, droplet, max_unavailable, canaries, soak_s, failure_budget, ready_within_s)
    returning id into started;
    insert into converged.rollout_members (rollout, pa, name, droplet, from_image)
    select started, p.id, p.name, p.droplet, p.image
    from converged.pas p
    where p.deleted_at is null and p.image <> start_rollout.image and coalesce(p.team = start_rollout.team, true)
        and coalesce(p.droplet = start_rollout.droplet, true);
    get diagnostics members = row_count;
    if members = 0 then
        raise exception 'no PA needs it: each of these runs % already, or there is none', image
            using errcode = 'CV409', hint = '`converged pas list` shows them';
    end if;
    perform converged.assert_alone(started, replaces);
    perform converged.plan_batches(started, canaries, false);
    insert into converged.events (kind, key, actor, reason, message)
    values ('rollout', started::text, session_user, 'Requested', format('%s for %s PAs', image, members));
    perform converged.wake('rollout', started::text, true);
    return started;
end
$$;

call converged.hand_out('converged.start_rollout(text, text, text, integer, integer, integer, integer, integer, boolean)',
    'converged_web, converged_operator');
revoke all on function converged.plan_batches(bigint, integer, boolean), converged.assert_alone(bigint, boolean),
    converged.tell_rollout(bigint, text, text, text, text) from public;
grant select on converged.rollouts, converged.rollout_members to converged_web, converged_operator, converged_daemon;
