-- Schedules: rows that make jobs, at times that cron's five fields or `@every 90s` name, in the zone of each row.
--
-- Who writes: operators insert, update and delete rows, plainly in SQL; a trigger refuses what can't be read and works out
-- the next tick. Any number of daemons call converged.tick_schedules(): each tick makes its job once, by database time.

create table converged.schedules (
    -- Written by operators:
    name          text primary key check (name ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$'),
    kind          text not null check (kind <> ''),
    queue         text,                           -- null: the default one
    args          jsonb not null default '{}',    -- never a secret in clear
    spec          text not null,
    zone          text not null default 'UTC',
    -- Ticks that nobody looked at in time, as when all daemons were down: make no job of them, one, or all.
    catch_up      text not null default 'one' check (catch_up in ('skip', 'one', 'all')),
    catch_up_most integer not null default 10 check (catch_up_most between 1 and 1000),  -- of `all`: the newest so many
    -- A tick while the job before still waits or runs. By itself `skip`, and `allow` where catch_up is `all`.
    overlap       text not null check (overlap in ('allow', 'skip')),
    is_paused     boolean not null default false, -- set it back, and catch_up decides on what was missed
    comment       text not null default '',
    -- By the trigger when spec or zone change, by tick_schedules() else. An operator may set it: the next tick is then.
    next_at       timestamptz not null check (isfinite(next_at)),
    -- Written by tick_schedules() only:
    last_at       timestamptz,                    -- the newest tick that made a job
    last_job      bigint,                         -- that job, or the one that schedule_run() made
    skipped       bigint not null default 0,      -- how often it made none, by catch_up or overlap
    last_error    text,                           -- why the latest tick made none: what the queue refused
    -- Written by the trigger:
    created_by    text not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null
);
create index schedules_due on converged.schedules (next_at) where not is_paused;

create function converged.check_schedule() returns trigger
    language plpgsql set search_path = pg_catalog, converged, pg_temp
as $$
declare
    known text;
    tick timestamptz;
begin
    new.overlap := coalesce(new.overlap, case new.catch_up when 'all' then 'allow' else 'skip' end);
    if new.catch_up = 'all' and new.overlap = 'skip' then
        raise exception 'schedule %: catch_up all makes several jobs at once, overlap skip lets only one be', new.name
            using errcode = '22023', hint = 'take overlap allow, or catch_up one';
    end if;
    if jsonb_typeof(new.args) <> 'object' then
        raise exception 'schedule %: args are not an object', new.name using errcode = '22023', hint = 'such as {"days": 7}';
    end if;
    if tg_op = 'INSERT' then
        new.created_by := session_user;
        new.created_at := converged.now();
        new.last_at := null;
        new.last_job := null;
        new.skipped := 0;
        new.last_error := null;
    end if;
    new.updated_at := converged.now();
    if tg_op = 'INSERT' or new.zone is distinct from old.zone then
        select name into known from pg_timezone_names where lower(name) = lower(new.zone) order by name = new.zone desc limit 1;
        if not found then
            select '; did you mean ' || name || '?' into known from pg_timezone_names
            where lower(name) like '%/' || lower(replace(new.zone, ' ', '_')) and name not like 'posix/%' limit 1;
            raise exception 'schedule %: there is no time zone "%"%', new.name, new.zone, coalesce(known, '')
                using errcode = '22023',
                hint = 'zones are called as Europe/Berlin; select name from pg_timezone_names lists them';
        end if;
        new.zone := known;
    end if;
    if tg_op = 'INSERT' or new.spec is distinct from old.spec or new.zone is distinct from old.zone then
        tick := converged.next_tick(new.spec, new.zone, converged.now());
        if tick is null then
            raise exception 'schedule %: "%" never ticks', new.name, new.spec using errcode = '22023',
                hint = 'no month that it names has such a day';
        elsif new.next_at is null or (tg_op = 'UPDATE' and new.next_at = old.next_at) then
            new.next_at := tick;
        end if;
    end if;
    return new;
end
$$;
create trigger check_schedule before insert
    or update of name, kind, queue, args, spec, zone, catch_up, catch_up_most, overlap, is_paused, comment on converged.schedules
    for each row execute function converged.check_schedule();

-- The one door from schedules to the queue: a job of this schedule whose time is `tick`.
create function converged.schedule_job(kind text, args jsonb, queue text, tick timestamptz) returns bigint
    language sql set search_path = pg_catalog, converged, pg_temp
    return converged.enqueue(kind => schedule_job.kind, args => schedule_job.args, queue => schedule_job.queue, run_at => tick);

-- The newest ticks from `first`, which is one, up to now; oldest first, `most` of them.
create function converged.newest_ticks(spec text, zone text, first timestamptz, now timestamptz, most integer)
    returns timestamptz[] language plpgsql stable set search_path = pg_catalog, converged, pg_temp
as $$
declare
    every interval := converged.cron_every(spec);
    missed bigint := floor(extract(epoch from now - first) / extract(epoch from every));
    span interval := most * interval '1 minute';
    found_ticks timestamptz[];
    tick timestamptz;
begin
    if every is not null then
        return array(select first + n * every from generate_series(greatest(0, missed - most + 1), missed) n);
    end if;
    loop
        -- Counted forward from ever longer ago, so that a year of missed minutes costs no more than an hour of them.
        tick := case when now - span <= first then first else converged.next_tick(spec, zone, now - span) end;
        found_ticks := '{}';
        while tick <= now loop
            found_ticks := found_ticks || tick;
            tick := converged.next_tick(spec, zone, tick);
        end loop;
        exit when now - span <= first or cardinality(found_ticks) >= most;
        span := span * 2;
    end loop;
    return found_ticks[greatest(1, cardinality(found_ticks) - most + 1):];
end
$$;

-- Makes the jobs of the schedules that are due and moves these on, in the caller's transaction: what another daemon has in
-- hand is left to it, so each tick counts once. A row for each job made or refused; the last row has no name and tells in how
-- many ms to look again, null when there is nothing to wait for.
create function converged.tick_schedules(most integer default 100)
    returns table (name text, tick timestamptz, job bigint, error text, next_ms double precision)
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
    set jit = off set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    due converged.schedules;
    ticks timestamptz[];
    moment timestamptz;
    taken integer := 0;
begin
    for due in
        select * from converged.schedules s where not s.is_paused and s.next_at <= now
        order by s.next_at limit most for update skip locked
    loop
        taken := taken + 1;
        due.last_error := null;
        begin
            ticks := converged.newest_ticks(due.spec, due.zone, due.next_at, now,
                case due.catch_up when 'all' then due.catch_up_most else 1 end);
            due.next_at := converged.next_tick(due.spec, due.zone,
                case when converged.cron_every(due.spec) is null then now else ticks[cardinality(ticks)] end);
        exception when invalid_parameter_value then
            -- A zone that the server's own data does not have any more: looked at again in an hour.
            ticks := '{}';
            due.next_at := now + interval '1 hour';
            due.last_error := sqlerrm;
            return query select due.name, now, null::bigint, due.last_error, null::double precision;
        end;
        -- A daemon may be a minute late and still be on time.
        if due.catch_up = 'skip' and ticks[1] < now - interval '60 seconds' then
            ticks := '{}';
            due.skipped := due.skipped + 1;
        end if;
        foreach moment in array ticks loop
            if due.overlap = 'skip' and exists (select from converged.jobs j where j.id = due.last_job) then
                due.skipped := due.skipped + 1;
                continue;
            end if;
            begin
                due.last_job := converged.schedule_job(due.kind, due.args, due.queue, moment);
                due.last_at := greatest(due.last_at, moment);
                return query select due.name, moment, due.last_job, null::text, null::double precision;
            exception when sqlstate 'CV404' or sqlstate 'CV409' or invalid_parameter_value then
                -- Refused for good: the tick is used up and the row tells; trying again would only keep others waiting.
                due.last_error := sqlerrm;
                return query select due.name, moment, null::bigint, due.last_error, null::double precision;
            end;
        end loop;
        update converged.schedules s set next_at = due.next_at, last_at = due.last_at, last_job = due.last_job,
            skipped = due.skipped, last_error = due.last_error where s.name = due.name;
    end loop;
    return query select null, null::timestamptz, null::bigint, null, case when taken = most then 0 else (
        select 1000 * extract(epoch from min(s.next_at) - now)::double precision
        from converged.schedules s where not s.is_paused and s.next_at > now) end;
end
$$;

-- Stops a schedule; a job that it made goes on.
create function converged.schedule_pause(name text) returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
begin
    update converged.schedules s set is_paused = true where s.name = schedule_pause.name and not s.is_paused;
    if found then
        return format('paused schedule %s', schedule_pause.name);
    end if;
    perform converged.assert_schedule(schedule_pause.name);
    return format('schedule %s is paused already', schedule_pause.name);
end
$$;

-- Lets a schedule tick again; its catch_up decides on what it missed meanwhile.
create function converged.schedule_resume(name text) returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    resumed converged.schedules;
begin
    update converged.schedules s set is_paused = false
    where s.name = schedule_resume.name and s.is_paused returning * into resumed;
    if not found then
        perform converged.assert_schedule(schedule_resume.name);
        return format('schedule %s is not paused', schedule_resume.name);
    end if;
    return format('resumed schedule %s; %s', resumed.name, case
        when resumed.next_at > converged.now() then 'it missed no tick'
        else format('of the ticks that it missed since %s it makes up for %s', resumed.next_at at time zone resumed.zone,
            case resumed.catch_up when 'skip' then 'none' when 'one' then 'one'
                else format('the newest %s', resumed.catch_up_most) end) end);
end
$$;

-- Makes a job now, paused or not; the next tick comes as it would.
create function converged.schedule_run(name text) returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    wanted converged.schedules;
begin
    perform converged.assert_schedule(schedule_run.name);
    select * into wanted from converged.schedules s where s.name = schedule_run.name for update;
    if wanted.overlap = 'skip' and exists (select from converged.jobs j where j.id = wanted.last_job) then
        raise exception 'job % of schedule % still waits or runs', wanted.last_job, wanted.name using errcode = 'CV409',
            hint = format('wait for its end, or select converged.cancel(%s)', wanted.last_job);
    end if;
    wanted.last_job := converged.schedule_job(wanted.kind, wanted.args, wanted.queue, converged.now());
    update converged.schedules s set last_job = wanted.last_job where s.name = wanted.name;
    return format('schedule %s made job %s', wanted.name, wanted.last_job);
end
$$;

-- Raises CV404 when there is no such schedule.
create function converged.assert_schedule(name text) returns void
    language plpgsql set search_path = pg_catalog, converged, pg_temp
as $$
begin
    if not exists (select from converged.schedules s where s.name = assert_schedule.name) then
        raise exception 'there is no schedule %', assert_schedule.name using errcode = 'CV404',
            hint = 'select name from converged.schedules lists them';
    end if;
end
$$;

-- For people: the next three ticks, in the schedule's own zone too, and what became of the last job.
create view converged.schedule_list as
    select s.name, s.kind, s.queue, s.args, s.spec, s.zone, s.catch_up, s.catch_up_most, s.overlap, s.is_paused, s.comment,
        next.ticks as next_ticks,
        array(select regexp_replace(to_char(tick at time zone s.zone, 'YYYY-MM-DD HH24:MI:SS'), ':00$', '')
            from unnest(next.ticks) tick) as next_local,
        s.last_at, s.last_job, j.state::text as last_job_state, s.skipped, s.last_error, s.created_by, s.created_at, s.updated_at
    from converged.schedules s
        left join converged.jobs j on j.id = s.last_job
        cross join lateral (select converged.next_tick(s.spec, s.zone, s.next_at) as at) second
        cross join lateral (
            select case when s.is_paused then '{}' else array_remove(
                array[s.next_at, second.at, converged.next_tick(s.spec, s.zone, second.at)], null) end as ticks) next;

revoke all on function converged.schedule_job(text, jsonb, text, timestamptz), converged.tick_schedules(integer),
    converged.schedule_pause(text), converged.schedule_resume(text), converged.schedule_run(text) from public;
grant execute on function converged.tick_schedules(integer) to converged_daemon;
grant execute on function converged.schedule_pause(text), converged.schedule_resume(text), converged.schedule_run(text)
    to converged_operator;
grant select on converged.schedules, converged.schedule_list to converged_web, converged_daemon, converged_operator;
grant delete, insert (name, kind, queue, args, spec, zone, catch_up, catch_up_most, overlap, is_paused, comment, next_at),
    update (name, kind, queue, args, spec, zone, catch_up, catch_up_most, overlap, is_paused, comment, next_at)
    on converged.schedules to converged_operator;
