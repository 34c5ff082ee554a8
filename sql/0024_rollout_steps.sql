-- What moves a rollout: a person's words halt, resume and revert, and the daemon's steps.

-- Raises CV404 or CV409; the row stays locked.
create function converged.hold_rollout(rollout bigint, states text[], deed text) returns converged.rollouts
    language plpgsql set search_path = pg_catalog, converged
as $$
declare
    held converged.rollouts;
begin
    perform pg_advisory_xact_lock(hashtext('converged.rollouts'));
    select * into held from converged.rollouts r where r.id = rollout for update;
    if not found then
        raise exception 'there is no rollout %', rollout using errcode = 'CV404', hint = '`converged rollout status` lists them';
    end if;
    if held.state <> all (states) then
        raise exception 'rollout % is %: it cannot be %', rollout, held.state, deed
            using errcode = 'CV409', hint = format('`converged rollout status %s` tells where it stands', rollout);
    end if;
    return held;
end
$$;

-- No further PA gets the image; those under way go on.
create function converged.halt_rollout(rollout bigint, why text default '') returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
begin
    perform converged.hold_rollout(rollout, '{rolling}', 'halted');
    perform converged.tell_rollout(rollout, 'halted', 'by ' || session_user || coalesce(': ' || nullif(halt_rollout.why, ''), ''),
        'RolloutHalted');
    return format('halted rollout %s; what is under way goes on, nobody else begins', rollout);
end
$$;

-- Failures until now spend the budget no longer.
create function converged.resume_rollout(rollout bigint, why text default '') returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
declare
    forgiven bigint;
begin
    perform converged.hold_rollout(rollout, '{halted}', 'resumed');
    update converged.rollout_members m set is_forgiven = true
    where m.rollout = resume_rollout.rollout and m.state = 'failed' and not m.is_forgiven;
    get diagnostics forgiven = row_count;
    perform converged.tell_rollout(rollout, 'rolling', 'resumed by ' || session_user
        || coalesce(': ' || nullif(resume_rollout.why, ''), ''), 'RollingOut');
    return format('resumed rollout %s; %s failures until now don''t count any more', rollout, forgiven);
end
$$;

-- Everybody that began goes back to the image it had, the ill first, then in batches. Also of one that is done.
create function converged.revert_rollout(rollout bigint, why text default '') returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
declare
    held converged.rollouts := converged.hold_rollout(rollout, '{rolling,halted,done}', 'reverted');
    members bigint;
begin
    if held.direction = 'back' then
        raise exception 'rollout % goes back already', rollout
            using errcode = 'CV409', hint = 'start a new one to go forward again';
    end if;
    update converged.rollout_members m set state = 'skipped', why = 'never began', since = converged.now()
    where m.rollout = revert_rollout.rollout and m.state = 'waiting';
    update converged.rollout_members m set state = 'waiting', why = '', since = converged.now(), began_at = null,
        generation = null, was_ready = false, is_forgiven = false
    where m.rollout = revert_rollout.rollout and m.state <> 'skipped';
    get diagnostics members = row_count;
    perform converged.assert_alone(rollout, false);
    perform converged.plan_batches(rollout, 0, true);
    update converged.rollouts r set direction = 'back' where r.id = rollout;
    perform converged.tell_rollout(rollout, 'rolling', 'reverted by ' || session_user
        || coalesce(': ' || nullif(revert_rollout.why, ''), ''), 'RollingOut');
    return format('rollout %s goes back: %s PAs get the image that they had', rollout, members);
end
$$;

-- One step of the daemon, under the lease of job rollout/<id>: `changes` is an array of {pa, state, why, begins, restarts};
-- a member that begins gets its image here and nowhere else, and only if it has the one that it had when the rollout began.
-- False, and nothing is done, when a person said something after the daemon looked (`seen`: the generation then).
create function converged.advance_rollout(
    job bigint, fence bigint, rollout bigint, seen bigint, changes jsonb, state text, why text, reason text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    held converged.rollouts;
    change record;
    now timestamptz := converged.now();
    begun bigint;
    was_well boolean;
    began text[] := '{}';
begin
    perform converged.assert_lease(advance_rollout.job, advance_rollout.fence);
    if not exists (select from converged.jobs j
        where j.id = advance_rollout.job and j.kind = 'rollout' and j.key = advance_rollout.rollout::text) then
        raise exception 'job % does not work on rollout %', advance_rollout.job, advance_rollout.rollout
            using errcode = 'insufficient_privilege';
    end if;
    select * into held from converged.rollouts r where r.id = advance_rollout.rollout for update;
    if not found or held.generation <> advance_rollout.seen then
        return false;
    end if;
    for change in
        select c.*, m.name, m.from_image
        from jsonb_to_recordset(advance_rollout.changes) as c (pa uuid, state text, why text, begins boolean, restarts boolean)
            join converged.rollout_members m on m.rollout = held.id and m.pa = c.pa
    loop
        begun := null;
        was_well := null;
        if change.begins then
            continue when held.state <> 'rolling';
            was_well := exists (select from converged.conditions c
                where c.kind = 'pa' and c.key = change.pa::text and c.type = 'Ready' and c.status = 'True');
            update converged.pas p set image = case held.direction when 'forward' then held.image else change.from_image end
            where p.id = change.pa and p.deleted_at is null
                and p.image = case held.direction when 'forward' then change.from_image else held.image end
            returning p.generation into begun;
            continue when begun is null;  -- the next look tells why
            began := began || change.name;
        end if;
        update converged.rollout_members m set state = change.state, why = coalesce(change.why, ''),
            since = case when m.state = change.state then m.since else now end,
            began_at = case when change.begins or change.restarts then now else m.began_at end,
            generation = coalesce(begun, m.generation), was_ready = coalesce(was_well, m.was_ready),
            is_forgiven = m.is_forgiven and change.state = 'failed'
        where m.rollout = held.id and m.pa = change.pa;
    end loop;
    if cardinality(began) > 0 then
        insert into converged.events (kind, key, actor, reason, message)
        values ('rollout', held.id::text, 'converged', 'RollingOut', 'began ' || array_to_string(began, ', '));
    end if;
    if advance_rollout.state <> held.state then
        insert into converged.events (kind, key, actor, reason, message)
        values ('rollout', held.id::text, 'converged', advance_rollout.reason, advance_rollout.why);
    end if;
    update converged.rollouts r set state = advance_rollout.state, why = advance_rollout.why, observed_generation = held.generation,
        changed_at = case when r.state = advance_rollout.state then r.changed_at else now end
    where r.id = held.id and (r.state, r.why, r.observed_generation)
        is distinct from (advance_rollout.state, advance_rollout.why, held.generation);
    return true;
end
$$;

-- A PA that says how it is, and that a rollout waits for, wakes the rollout: nothing has to poll.
create function converged.wake_rollouts() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
begin
    perform converged.wake('rollout', m.rollout::text, true)
    from converged.rollout_members m join converged.rollouts r on r.id = m.rollout
    where m.pa::text = new.key and m.state in ('updating', 'soaking', 'failed') and r.state <> 'done';
    return null;
end
$$;
create trigger wake_rollouts after insert or update on converged.conditions
    for each row when (new.kind = 'pa' and new.type = 'Ready') execute function converged.wake_rollouts();

-- How many of its PAs are how far; `stands`: the word for people.
create view converged.rollout_list as
    select r.*, case
            when r.state = 'halted' then 'halted'
            when r.direction = 'forward' then case r.state when 'done' then 'rolled out' else 'rolling out' end
            else case r.state when 'done' then 'reverted' else 'reverting' end end as stands,
        m.members, m.waiting, m.under_way, m.arrived, m.failed, m.skipped, m.batches, m.batch
    from converged.rollouts r
        cross join lateral (
            select count(*) as members, count(*) filter (where state = 'waiting') as waiting,
                count(*) filter (where state in ('updating', 'soaking')) as under_way,
                count(*) filter (where state in ('done', 'reverted')) as arrived,
                count(*) filter (where state = 'failed') as failed, count(*) filter (where state = 'skipped') as skipped,
                count(distinct batch) as batches,
                min(batch) filter (where state in ('waiting', 'updating', 'soaking')) as batch
            from converged.rollout_members m where m.rollout = r.id) m;

revoke all on function converged.hold_rollout(bigint, text[], text) from public;
call converged.hand_out('converged.halt_rollout(bigint, text), converged.resume_rollout(bigint, text), converged.revert_rollout(bigint, text)',
    'converged_operator');
call converged.hand_out('converged.advance_rollout(bigint, bigint, bigint, bigint, jsonb, text, text, text)', 'converged_daemon');
grant select on converged.rollout_list to converged_web, converged_operator, converged_daemon;
