-- How others put work into the queue, from plain SQL and inside their own transaction: nothing exists before they commit.
--
-- Refusals: 22023 for an argument that cannot be, 54000 for one that is too large, CV404 for an unknown queue or job, CV409 for
-- a key that is taken. Whatever is refused, nothing was enqueued.

create function converged.assert_queue(queue text) returns void
    language plpgsql stable security definer set search_path = pg_catalog, converged, pg_temp
as $$
begin
    if not exists (select from converged.queues q where q.name = assert_queue.queue) then
        raise exception 'there is no queue "%"', assert_queue.queue using errcode = 'CV404',
            hint = 'select name from converged.queues lists them; insert into converged.queues (name) makes one';
    end if;
end
$$;

-- Puts one job into the queue and returns its id.
--
-- args: a JSON object of at most 64 KiB. key: of jobs of a kind with the same key only one waits or runs; `mode` says what
-- happens to a second: reject (CV409), keep the present one, replace its args and time (when it runs already: it runs again with
-- them), or wake it. run_at, or delay from now: not before. priority 0 (a user waits) to 8 (whenever there is time).
-- lane: jobs of a kind in the same lane share its limit max_per_lane. needs: jobs that must have settled before.
create function converged.enqueue(
    kind text, args jsonb default null, key text default null, mode text default 'keep', queue text default null,
    priority integer default null, run_at timestamptz default null, delay interval default null,
    max_attempts integer default null, lane text default null, needs bigint[] default null) returns bigint
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    known converged.kinds;
    due timestamptz;
    live bigint[] := '{}';
    made bigint;
    address tid;
    present bigint;
begin
    perform converged.check_job(kind, args, key, mode, priority, run_at, delay, max_attempts, lane);
    select * into known from converged.kinds k where k.name = enqueue.kind;
    if known.is_secret and args is not null and jsonb_typeof(args -> 'sealed') is distinct from 'string' then
        raise exception 'args of kind % are secret and must come sealed', kind using errcode = 'invalid_parameter_value',
            hint = 'enqueue it through a client that holds the key ring, as the daemon does';
    end if;
    if queue <> known.queue then
        raise exception 'kind % belongs to queue %, where its workers look for it, not to %', kind, known.queue, queue
            using errcode = 'invalid_parameter_value', hint = 'leave the queue out';
    end if;
    queue := coalesce(queue, known.queue, 'default');
    if queue <> 'default' then  -- which is always there
        perform converged.assert_queue(queue);
    end if;
    priority := coalesce(priority, 4);
    due := greatest(coalesce(run_at, now + delay, now), '2000-01-01');
    if needs is not null then
        live := converged.live_needs(needs);
    end if;
    if key is not null then
        -- Held to the end of the transaction: a fold leaves such keys alone instead of waiting for us.
        perform pg_advisory_xact_lock_shared(1129270083, converged.bucket(kind, key));
    end if;
    loop
        insert into converged.jobs as j
            (kind, queue, key, state, priority, run_at, rank, max_attempts, woken_at, created_at, lane, args)
        values (kind, queue, key, case when live = '{}' then 'ready' else 'waiting' end::converged.job_state, priority, due,
            due + priority * interval '15 seconds', coalesce(max_attempts, known.max_attempts), now, now, lane, args)
        on conflict (kind, key) where key is not null do nothing
        returning j.id, j.ctid into made, address;
        exit when made is not null;
        -- The present job may have ended since the index refused ours: then there is room for it now.
        select j.id into present from converged.jobs j where j.kind = enqueue.kind and j.key = enqueue.key;
        if found then
            perform converged.meet(present, kind, key, mode, args, case when num_nonnulls(run_at, delay) > 0 then due end);
            return present;
        end if;
    end loop;
    if live <> '{}' then
        insert into converged.job_needs (job, needs) select made, need from unnest(live) as need;
    end if;
    if due <= now and live = '{}' then
        -- The first hint of a transaction names its job and where its row is: an idle worker takes that without a look around.
        -- The others are equal, and so are one.
        perform pg_notify('converged_jobs',
            case when current_setting('converged.hinted', true) = 'yes' then ''
                else concat_ws(' ', made, translate(address::text, ',()', ' '), kind) end),
            set_config('converged.hinted', 'yes', true);
    end if;
    return made;
end
$$;

-- What is wrong with a job, if anything.
create function converged.check_job(
    kind text, args jsonb, key text, mode text, priority integer, run_at timestamptz, delay interval, max_attempts integer,
    lane text) returns void
    language plpgsql stable
as $$
declare
    fault text := case
        when coalesce(kind, '') = '' then 'a job needs a kind'
        when length(kind) > 100 then 'a kind has at most 100 characters'
        when jsonb_typeof(args) <> 'object' then format('args must be a JSON object, not %s', jsonb_typeof(args))
        when key = '' or length(key) > 500 then 'a key has 1 to 500 characters'
        when lane = '' or length(lane) > 200 then 'a lane has 1 to 200 characters'
        when mode is null or mode not in ('reject', 'keep', 'replace', 'wake')
            then format('mode is reject, keep, replace or wake, not %s', coalesce(mode, 'null'))
        when key is null and mode not in ('keep', 'reject') then format('mode %s needs a key', mode)
        when priority not between 0 and 8 then format('priority %s is not between 0 and 8', priority)
        when delay < '0' then format('a delay of %s is negative', delay)
        when num_nonnulls(run_at, delay) = 2 then 'run_at and delay exclude each other'
        when run_at in ('infinity', '-infinity') then 'run_at must be a time'
        when max_attempts not between 1 and 1000 then format('max_attempts %s is not between 1 and 1000', max_attempts) end;
begin
    if fault is not null then
        raise exception '%', fault using errcode = 'invalid_parameter_value';
    end if;
    if octet_length(args::text) > 65536 then
        raise exception 'args of % bytes are more than 65536', octet_length(args::text)
            using errcode = 'program_limit_exceeded', hint = 'store the data elsewhere and pass its id';
    end if;
end
$$;

-- Those of the needed jobs that have not settled yet.
create function converged.live_needs(needs bigint[]) returns bigint[]
    language plpgsql stable
as $$
declare
    need bigint;
    ended text;
    live bigint[] := '{}';
begin
    for need in select distinct n from unnest(needs) as n order by n loop
        if exists (select from converged.jobs where id = need) or exists (select from converged.dead_jobs where id = need) then
            live := live || need;
            continue;
        end if;
        select outcome into ended from converged.job_history where job = need order by finished_at desc limit 1;
        if ended is null then
            raise exception 'there is no job % to wait for', need using errcode = 'CV404',
                hint = 'it never was, or ended longer ago than the history goes';
        elsif ended <> 'settled' then
            raise exception 'job % was %: what needs it would never run', need, ended using errcode = 'CV409';
        end if;
    end loop;
    return live;
end
$$;

-- A key that has a job already.
create function converged.meet(present bigint, kind text, key text, mode text, args jsonb, due timestamptz) returns void
    language plpgsql
as $$
begin
    if mode = 'reject' then
        raise exception 'job % has the key %/% already', present, kind, key using errcode = 'CV409',
            hint = 'mode => keep, replace or wake takes a second one';
    elsif mode <> 'keep' then
        insert into converged.wakes (kind, key, urgent, at, args, replaces, run_at)
        values (kind, key, true, converged.now(), args, mode = 'replace', due);
        perform pg_notify('converged_jobs', '');
    end if;
end
$$;

-- Many jobs at once, all or none: an array of at most 10 000 objects with the names of enqueue's arguments. Returns their ids
-- in the same order; a refusal names the place of the bad one.
create function converged.enqueue_many(jobs jsonb) returns bigint[]
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    item jsonb;
    place integer := 0;
    ids bigint[] := '{}';
    problem text;
    detail text;
    stranger text;
begin
    if jsonb_typeof(jobs) is distinct from 'array' then
        raise exception 'jobs must be a JSON array' using errcode = 'invalid_parameter_value';
    elsif jsonb_array_length(jobs) > 10000 then
        raise exception '% jobs at once are more than 10000', jsonb_array_length(jobs) using errcode = 'program_limit_exceeded';
    end if;
    for item in select value from jsonb_array_elements(jobs) loop
        place := place + 1;
        select name into stranger from jsonb_object_keys(item) as name
        where name not in ('kind', 'args', 'key', 'mode', 'queue', 'priority', 'run_at', 'delay', 'max_attempts', 'lane', 'needs')
        limit 1;
        if found then
            raise exception 'a job has no member "%"', stranger using errcode = 'invalid_parameter_value';
        end if;
        ids := ids || converged.enqueue(
            item ->> 'kind', nullif(item -> 'args', 'null'), item ->> 'key', coalesce(item ->> 'mode', 'keep'), item ->> 'queue',
            (item ->> 'priority')::integer, (item ->> 'run_at')::timestamptz, (item ->> 'delay')::interval,
            (item ->> 'max_attempts')::integer, item ->> 'lane',
            (select array_agg(need::bigint) from jsonb_array_elements_text(nullif(item -> 'needs', 'null')) as need));
    end loop;
    return ids;
exception
    when others then
        get stacked diagnostics problem = message_text, detail = pg_exception_hint;
        if place = 0 then
            raise;
        end if;
        raise exception 'job % of %: %', place, jsonb_array_length(jobs), problem using errcode = sqlstate, hint = detail;
end
$$;

call converged.hand_out('converged.enqueue(text, jsonb, text, text, text, integer, timestamptz, interval, integer, text, bigint[]),
    converged.enqueue_many(jsonb)',
    'converged_web, converged_operator, converged_daemon');
revoke all on function converged.meet(bigint, text, text, text, jsonb, timestamptz) from public;
