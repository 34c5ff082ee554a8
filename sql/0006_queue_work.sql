-- What a worker does with the queue, as functions: fold, claim, finish, heartbeat, rescue. Each is one round trip and is
-- planned once per connection, with or without named prepared statements.
--
-- Why the settings on each function: a plan made while `jobs` was empty is kept while it holds 100 000 rows, and the
-- statistics of a backlog say that nothing runs. Without sequential scans, hash and merge joins, the only plans left are
-- the right ones: jobs_ready for the claim, jobs_key for the fold, the primary key for the finish.

-- Moves wakes into jobs. A running job becomes dirty and runs once more; a waiting job becomes due, out of a back-off only
-- by an urgent wake. A wake whose job is being written at this moment stays in the inbox (`left_behind`): nothing waits.
create function converged.fold(
    kinds text[], queues text[], max_attempts integer[], most integer,
    out folded integer, out due integer, out left_behind integer)
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
    set jit = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
begin
    with taken as materialized (
        select wake.kind, wake.id, wake.key, wake.urgent, wake.at, known.queue, known.max_attempts
        from unnest(fold.kinds, fold.queues, fold.max_attempts) as known (kind, queue, max_attempts)
            cross join lateral (
                select * from converged.wakes w
                where w.kind = known.kind
                order by w.id limit most
                for update skip locked) as wake
    ), grouped as materialized (
        select kind, key, bool_or(urgent) as urgent, min(at) as at, min(queue) as queue, min(max_attempts) as max_attempts
        from taken group by kind, key
    ), met as materialized (
        select grouped.*, present.id as present, held.id as held
        from grouped
            left join lateral (
                select id from converged.jobs j where j.kind = grouped.kind and j.key = grouped.key) as present on true
            left join lateral (
                select id from converged.jobs j where j.id = present.id for update skip locked) as held on true
    ), placed as (
        insert into converged.jobs as job
            (kind, queue, key, priority, run_at, rank, max_attempts, urgent, woken_at, created_at)
        select kind, queue, key, case when urgent then 0 else 8 end, at,
            at + case when urgent then interval '0' else interval '2 minutes' end, max_attempts, urgent, at, now
        from met where present is null or held is not null
        order by kind, key
        on conflict (kind, key) where key is not null do update set
            dirty = job.state = 'running',
            urgent = job.urgent or excluded.urgent,
            woken_at = case
                when job.state = 'running' and not job.dirty then excluded.woken_at
                when job.state = 'ready' and job.run_at > now then excluded.woken_at
                else job.woken_at end,
            attempt = case when job.state = 'ready' and excluded.urgent then 0 else job.attempt end,
            priority = case when job.state = 'ready' and excluded.urgent then 0 else job.priority end,
            run_at = case
                when job.state = 'ready' and (excluded.urgent or job.attempt = 0) then least(job.run_at, now)
                else job.run_at end,
            rank = case
                when job.state = 'ready' and excluded.urgent then least(job.run_at, now)
                when job.state = 'ready' and job.attempt = 0
                    then least(job.run_at, now) + job.priority * interval '15 seconds'
                else job.rank end
        returning job.state = 'ready' and job.run_at <= now as due
    ), removed as (
        delete from converged.wakes w using taken
        where w.kind = taken.kind and w.id = taken.id
            and (taken.kind, taken.key) not in (
                select kind, key from met where present is not null and held is null)
        returning 1
    )
    select (select count(*) from removed), (select count(*) from placed where placed.due),
        (select count(*) from met where present is not null and held is null)
    into folded, due, left_behind;
end
$$;

-- One turn of a worker: folds, then leases due jobs of each kind up to its limit, in the order of rank. The last row has no
-- id and tells about the turn: wakes folded and left behind, and in how many ms the next job known here falls due.
-- Raises CV002 when the worker's row is gone: it was thought dead, and whatever it held is no longer its own.
create function converged.claim(
    worker bigint, kinds text[], queues text[], attempts_allowed integer[], limits integer[], most_wakes integer)
    returns table (
        id bigint, fence bigint, kind text, key text, attempt integer, max_attempts integer, priority integer, args text,
        woken_at timestamptz, waited_ms double precision, folded integer, left_behind integer, next_ms double precision)
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
    set jit = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    lease bigint;
    wakes record;
    open_limits integer[];
    key_pauses boolean;
    claimed integer := 0;
    nearest timestamptz;
begin
    -- Held until commit, so that whoever removes a dead worker sees all that it claimed before.
    perform 1 from converged.workers where workers.id = claim.worker for key share;
    if not found then
        raise exception 'worker % is not registered any more', claim.worker using errcode = 'CV002';
    end if;
    select * into wakes from converged.fold(claim.kinds, claim.queues, claim.attempts_allowed, most_wakes);

    select array_agg(case when paused.kind is null then wanted.most else 0 end order by wanted.place)
    into open_limits
    from unnest(claim.kinds, limits) with ordinality as wanted (kind, most, place)
        left join converged.pauses paused on paused.kind = wanted.kind and paused.key = '';
    if exists (select from unnest(open_limits) as most where most > 0) then
        lease := nextval('converged.fences');
        key_pauses := exists (select from converged.pauses where pauses.key <> '');
        return query
            with picked as materialized (
                select candidate.id
                from unnest(claim.queues, claim.kinds, open_limits) as wanted (queue, kind, most)
                    cross join lateral (
                        select j.id from converged.jobs j
                        where j.state = 'ready' and j.queue = wanted.queue and j.kind = wanted.kind
                            and j.rank <= now + interval '2 minutes' and j.run_at <= now
                            and not (key_pauses and exists (
                                select from converged.pauses p where p.kind = j.kind and p.key = j.key))
                        order by j.rank limit wanted.most
                        for update skip locked) as candidate
            )
            update converged.jobs job set state = 'running', fence = lease, worker = claim.worker, leased_at = now,
                dirty = false, urgent = false
            from picked where job.id = picked.id
            returning job.id, job.fence, job.kind, job.key, job.attempt::integer, job.max_attempts::integer,
                job.priority::integer, job.args::text, job.woken_at,
                1000 * extract(epoch from now - greatest(job.woken_at, job.run_at))::double precision,
                null::integer, null::integer, null::double precision;
        get diagnostics claimed = row_count;
    end if;
    if wakes.due > claimed then
        perform pg_notify('converged_jobs', '');  -- more than this worker takes: others look too
    end if;
    -- A sample of what comes next by rank; whatever it misses is found by the next poll.
    select min(soon.run_at) into nearest
    from unnest(claim.queues, claim.kinds, open_limits) as wanted (queue, kind, most)
        cross join lateral (
            select j.run_at from converged.jobs j
            where j.state = 'ready' and j.queue = wanted.queue and j.kind = wanted.kind and wanted.most > 0
                and j.rank > now and j.rank <= now + interval '122 seconds' and j.run_at > now
            order by j.rank limit 100) as soon;
    return query select null::bigint, null::bigint, null::text, null::text, null::integer, null::integer, null::integer,
        null::text, now, null::double precision, wakes.folded, wakes.left_behind,
        1000 * extract(epoch from nearest - now)::double precision;
end
$$;

-- Ends runs, compare-and-set on id and fence. Returns only what the worker must know: `due` (to be run again at once),
-- `dead`, `lost` (the lease was no longer ours: nothing was written). Outcomes: settled, again, retry, blocked,
-- cancelled, returned (handed back uncounted). `after_ms` is the time until the next run, null when there is none.
create function converged.finish(
    jobs bigint[], fences bigint[], outcomes text[], after_ms double precision[], messages text[], outputs text[])
    returns table (job bigint, result text)
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
    set jit = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    gone bigint[];
begin
    -- Nearly all runs end here: settled for good and not woken meanwhile.
    with removed as (
        delete from converged.jobs j
        using unnest(finish.jobs, finish.fences, outcomes, after_ms, outputs) as given (id, fence, outcome, after_ms, output)
        where j.id = given.id and j.fence = given.fence and j.state = 'running' and not j.dirty
            and given.outcome = 'settled' and given.after_ms is null
        returning j.id, j.kind, j.queue, j.key, j.attempt, j.worker, j.created_at, j.leased_at, given.output
    ), recorded as (
        insert into converged.job_history
            (job, kind, queue, key, outcome, attempts, worker, created_at, started_at, finished_at, output)
        select id, kind, queue, key, 'settled', attempt + 1, worker, created_at, leased_at, now, output::jsonb from removed
        returning job
    )
    select coalesce(array_agg(job), '{}') into gone from recorded;
    if cardinality(gone) < cardinality(finish.jobs) then
        return query select * from converged.finish_others(
            finish.jobs, finish.fences, outcomes, after_ms, messages, outputs, gone);
    end if;
    if exists (select from converged.cancellations) then
        delete from converged.cancellations using unnest(finish.jobs) as given (id) where cancellations.job = given.id;
    end if;
end
$$;

-- The rarer ends of a run; called by converged.finish.
create function converged.finish_others(
    jobs bigint[], fences bigint[], outcomes text[], after_ms double precision[], messages text[], outputs text[],
    gone bigint[])
    returns table (job bigint, result text)
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
    set jit = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
begin
    return query
    with held as materialized (
        select given.id as given_id, given.message, given.output, given.after_ms, j.*, j.dirty and j.urgent as pressed,
            case
                when given.outcome = 'retry' and j.attempt + 1 >= j.max_attempts and not (j.dirty and j.urgent) then 'dead'
                else given.outcome end as outcome
        from unnest(finish_others.jobs, finish_others.fences, outcomes, after_ms, messages, outputs)
                as given (id, fence, outcome, after_ms, message, output)
            left join lateral (
                select * from converged.jobs present
                where present.id = given.id and present.fence = given.fence and present.state = 'running'
                for update) as j on true
        where given.id <> all (gone)
    ), decided as materialized (
        select *,
            case when outcome = 'dead' then false
                when outcome in ('again', 'retry', 'returned') then true
                else dirty or (outcome = 'settled' and after_ms is not null) end as stays,
            case when pressed or (dirty and outcome <> 'retry') then now
                when outcome = 'returned' then run_at
                else now + after_ms * interval '1 millisecond' end as next_at,
            case when pressed then 0
                when outcome in ('settled', 'blocked', 'cancelled') then 8
                else priority end as next_priority,
            case when pressed or outcome in ('settled', 'blocked', 'cancelled') then 0
                when outcome = 'retry' then attempt + 1
                else attempt end as next_attempt
        from held where id is not null
    ), removed as (
        delete from converged.jobs j using decided where j.id = decided.id and not decided.stays
    ), kept as (
        update converged.jobs j set state = 'ready', fence = null, worker = null, dirty = false,
            run_at = next_at, rank = next_at + next_priority * interval '15 seconds',
            priority = next_priority, attempt = next_attempt,
            woken_at = case when decided.dirty or outcome <> 'settled' then decided.woken_at else next_at end
        from decided where j.id = decided.id and decided.stays
    ), recorded as (
        insert into converged.job_history
            (job, kind, queue, key, outcome, message, attempts, worker, created_at, started_at, finished_at, output)
        select id, kind, queue, key, outcome, message, attempt + 1, worker, created_at, leased_at, now, output::jsonb
        from decided where outcome in ('settled', 'blocked', 'cancelled', 'dead')
    ), failed as (
        insert into converged.job_errors (job, kind, key, attempt, worker, message, at)
        select id, kind, key, attempt + 1, worker, coalesce(message, ''), now from decided where outcome in ('retry', 'dead')
    ), buried as (
        insert into converged.dead_jobs
            (id, kind, queue, key, priority, attempts, max_attempts, message, args, created_at, died_at)
        select id, kind, queue, key, priority, attempt + 1, max_attempts, coalesce(message, ''), args, created_at, now
        from decided where outcome = 'dead'
    ), rewoken as (
        -- A resync asked for this key during the attempt that was its last: that wake starts a job of its own.
        insert into converged.wakes (kind, key, urgent, at)
        select kind, key, urgent, woken_at from decided where outcome = 'dead' and dirty
    )
    select held.given_id,
        case when held.id is null then 'lost' when held.outcome = 'dead' then 'dead' else 'due' end
    from held left join lateral (select stays, next_at from decided where decided.id = held.id) as verdict on true
    where held.id is null or held.outcome = 'dead' or (verdict.stays and verdict.next_at <= now);
end
$$;

-- "I live": one row, every 3 s. Tells whether the operator wants the worker to drain and which of its jobs to stop.
-- No row: the worker was thought dead and must start over.
create function converged.heartbeat(worker bigint) returns table (draining boolean, cancelled bigint[])
    language sql
as $$
    update converged.workers set seen_at = converged.now() where id = heartbeat.worker
    returning draining, array(
        select c.job from converged.cancellations c join converged.jobs j on j.id = c.job
        where j.worker = heartbeat.worker and j.state = 'running')
$$;

-- Takes back what dead workers held, keeping the count of attempts. `jobs` is read through only when a worker is dead, or
-- when the caller is `thorough`: then also for jobs whose worker has no row at all (a restored back-up).
create function converged.rescue(caller bigint, unseen_for interval, thorough boolean)
    returns table (worker bigint, name text, rescued bigint)
    language plpgsql
    set jit = off
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    dead bigint[];
begin
    select coalesce(array_agg(id), '{}') into dead
    from (select id from converged.workers
          where id <> caller and seen_at < now - unseen_for
          for update skip locked) as unseen;
    if cardinality(dead) = 0 and not thorough then
        return;
    end if;
    return query
    with lost as materialized (
        select id, worker from converged.jobs
        where state = 'running' and (worker = any (dead)
            or (thorough and not exists (select from converged.workers w where w.id = jobs.worker)))
        order by id for update skip locked
    ), returned as (
        update converged.jobs j set state = 'ready', fence = null, worker = null, dirty = false, run_at = now,
            attempt = case when j.dirty and j.urgent then 0 else j.attempt end,
            priority = case when j.dirty and j.urgent then 0 else j.priority end,
            rank = now + case when j.dirty and j.urgent then 0 else j.priority end * interval '15 seconds'
        from lost where j.id = lost.id
        returning lost.worker
    )
    select coalesce(w.id, returned.worker), coalesce(w.name, ''), count(returned.worker)
    from (select * from converged.workers where id = any (dead)) w full join returned on returned.worker = w.id
    group by 1, 2;
    -- A job that was being written just now was left; its worker's row stays until the next look.
    delete from converged.workers w
    where w.id = any (dead) and not exists (select from converged.jobs j where j.state = 'running' and j.worker = w.id);
    perform pg_notify('converged_jobs', '');
end
$$;

revoke all on function
    converged.fold(text[], text[], integer[], integer),
    converged.claim(bigint, text[], text[], integer[], integer[], integer),
    converged.finish(bigint[], bigint[], text[], double precision[], text[], text[]),
    converged.finish_others(bigint[], bigint[], text[], double precision[], text[], text[], bigint[]),
    converged.heartbeat(bigint),
    converged.rescue(bigint, interval, boolean),
    converged.assert_lease(bigint, bigint)
from public;
grant execute on function
    converged.fold(text[], text[], integer[], integer),
    converged.claim(bigint, text[], text[], integer[], integer[], integer),
    converged.finish(bigint[], bigint[], text[], double precision[], text[], text[]),
    converged.finish_others(bigint[], bigint[], text[], double precision[], text[], text[], bigint[]),
    converged.heartbeat(bigint),
    converged.rescue(bigint, interval, boolean),
    converged.assert_lease(bigint, bigint)
to converged_daemon;

-- After an answer was lost: gives the worker a new row and id, moves the leases that it knows of to it, and takes back
-- those that it never heard of. The old row goes, so that a claim still on its way to the server is refused.
create function converged.renew_worker(worker bigint, jobs bigint[], fences bigint[]) returns bigint
    language plpgsql
    set jit = off
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    renewed bigint;
begin
    perform 1 from converged.workers where id = renew_worker.worker for update;  -- waits for a claim that commits just now
    if not found then
        raise exception 'worker % is not registered any more', renew_worker.worker using errcode = 'CV002';
    end if;
    insert into converged.workers (name, version, kinds, started_at, seen_at, draining)
    select name, version, kinds, started_at, now, draining from converged.workers where id = renew_worker.worker
    returning id into renewed;
    update converged.jobs j set worker = renewed
    from unnest(renew_worker.jobs, fences) as known (id, fence)
    where j.id = known.id and j.fence = known.fence and j.worker = renew_worker.worker and j.state = 'running';
    update converged.jobs j set state = 'ready', fence = null, worker = null, dirty = false
    where j.state = 'running' and j.worker = renew_worker.worker;
    delete from converged.workers where id = renew_worker.worker;
    return renewed;
end
$$;
revoke all on function converged.renew_worker(bigint, bigint[], bigint[]) from public;
grant execute on function converged.renew_worker(bigint, bigint[], bigint[]) to converged_daemon;
