-- How runs end. See 0006 for why each function pins its planner settings.

-- Ends runs that settled for good and were not woken meanwhile, which is nearly all: compare-and-set on the row's address,
-- id and fence. What is not found so (a wake has moved the row) goes the way of the others. Returns as converged.finish.
create function converged.settle(jobs bigint[], tids tid[], fences bigint[]) returns table (job bigint, result text)
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
    set jit = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    gone bigint[];
    were_limited boolean;
    rest record;
begin
    with removed as (
        delete from converged.jobs j
        where j.ctid = any (tids) and j.state = 'running' and not j.dirty
            -- "is true" keeps the planner from making a join of it: a hash of the given leases is what is wanted.
            and ((j.id, j.fence) in (select * from unnest(settle.jobs, fences))) is true
        returning j.id, j.kind, j.queue, j.key, j.attempt, j.worker, j.created_at, j.leased_at, j.is_limited
    ), recorded as (
        insert into converged.job_history
            (job, kind, queue, key, outcome, attempts, worker, created_at, started_at, finished_at)
        select id, kind, queue, key, 'settled', attempt + 1, worker, created_at, leased_at, now from removed
    )
    select coalesce(array_agg(id), '{}'), coalesce(bool_or(is_limited), false) into gone, were_limited from removed;
    perform converged.follow_ends(gone, were_limited);
    if cardinality(gone) < cardinality(settle.jobs) then
        select array_agg(given.id) as ids, array_agg(given.fence) as fences, array_agg('settled'::text) as outcomes,
            array_agg(null::double precision) as after_ms, array_agg(null::text) as texts
        into rest
        from unnest(settle.jobs, settle.fences) as given (id, fence) where given.id <> all (gone);
        return query select * from converged.finish(
            rest.ids, rest.fences, rest.outcomes, rest.after_ms, rest.texts, rest.texts);
    end if;
end
$$;

-- What follows the end of jobs for good: nothing is noted beside them any more, and others are told.
create function converged.follow_ends(ids bigint[], were_limited boolean) returns void
    language plpgsql
as $$
begin
    perform converged.forget(ids, ids, ids);
    perform converged.tell_ends(ids, were_limited);
end
$$;

-- Removes what was noted beside jobs: requests to stop them, what their steps gave, how far they were.
create function converged.forget(requests bigint[], steps bigint[], progress bigint[]) returns void
    language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
    if exists (select from converged.cancellations) then
        delete from converged.cancellations where job = any (requests);
    end if;
    if exists (select from converged.job_steps) then
        delete from converged.job_steps where job = any (steps);
    end if;
    if exists (select from converged.job_progress) then
        delete from converged.job_progress where job = any (progress);
    end if;
end
$$;

-- What the end of jobs means to others: those that need them, and those that a limit held back.
create function converged.tell_ends(ids bigint[], were_limited boolean) returns void
    language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
    if were_limited then
        perform pg_notify('converged_jobs', '');
    end if;
    if exists (select from converged.job_needs) then
        perform converged.resolve_needs(array(select distinct job from converged.job_needs where needs = any (ids)));
    end if;
end
$$;

-- Looks again at waiting jobs: ready when all that they need has settled, cancelled when one of those was cancelled or
-- blocked, and so on for those that need the cancelled. A dead one is waited for as long as its letter is kept: it may be
-- redriven. Called in the transaction that ends a needed job, and by the rescue for ends that an enqueuer could not see yet
-- and for waiting jobs that somebody's open transaction held.
create function converged.resolve_needs(waiting bigint[]) returns integer
    language plpgsql
    set jit = off set lock_timeout = '100ms'
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    subject record;
    failed record;
    resolved integer := 0;
    is_patient boolean := true;
    waiter bigint;
begin
    foreach waiter in array array(select distinct unnest(waiting) order by 1) loop
        -- One after the other, so that of two ends at the same moment the later sees the earlier. Workers hold such a row for
        -- moments; an open transaction that holds it for longer is not waited for.
        if is_patient then
            begin
                select j.* into subject from converged.jobs j where j.id = waiter and j.state = 'waiting' for update;
            exception
                when lock_not_available then
                    is_patient := false;
                    continue;
            end;
        else
            select j.* into subject from converged.jobs j where j.id = waiter and j.state = 'waiting' for update skip locked;
        end if;
        continue when subject.id is null;
        select n.needs, coalesce(h.outcome, 'dead') as outcome into failed
        from converged.job_needs n
            left join lateral (
                select outcome from converged.job_history h where h.job = n.needs order by finished_at desc limit 1) h on true
        where n.job = subject.id and h.outcome is distinct from 'settled'
            and not exists (select from converged.jobs j where j.id = n.needs)
            and not exists (select from converged.dead_jobs d where d.id = n.needs)
        limit 1;
        if found then
            delete from converged.jobs where id = subject.id;
            delete from converged.job_needs where job = subject.id;
            insert into converged.job_history
                (job, kind, queue, key, outcome, message, attempts, created_at, finished_at)
            values (subject.id, subject.kind, subject.queue, subject.key, 'cancelled',
                format('job %s that it needs was %s', failed.needs, failed.outcome), 0, subject.created_at, now);
            perform converged.follow_ends(array[subject.id], false);
        else
            delete from converged.job_needs n
            where n.job = subject.id and not exists (select from converged.jobs j where j.id = n.needs)
                and not exists (select from converged.dead_jobs d where d.id = n.needs);
            if not exists (select from converged.job_needs where job = subject.id) then
                update converged.jobs set state = 'ready', run_at = greatest(run_at, now),
                    rank = greatest(run_at, now) + priority * interval '15 seconds', woken_at = now
                where id = subject.id;
                resolved := resolved + 1;
            end if;
        end if;
    end loop;
    if resolved > 0 then
        perform pg_notify('converged_jobs', '');
    end if;
    return resolved;
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
    answers record;
begin
    with held as materialized (
        select given.id as given_id, given.message, given.output, given.after_ms, j.*, j.dirty and j.urgent as pressed,
            case
                when given.outcome in ('again', 'retry', 'returned')
                    and exists (select from converged.cancellations c where c.job = given.id) then 'cancelled'
                when given.outcome = 'retry' and j.attempt + 1 >= j.max_attempts and not (j.dirty and j.urgent) then 'dead'
                else given.outcome end as outcome
        from unnest(finish.jobs, finish.fences, outcomes, after_ms, messages, outputs)
                as given (id, fence, outcome, after_ms, message, output)
            left join lateral (
                select * from converged.jobs present
                where present.id = given.id and present.fence = given.fence and present.state = 'running'
                for update) as j on true
    ), decided as materialized (
        select *,
            case when outcome = 'dead' then false
                when outcome in ('again', 'retry', 'returned') then true
                else dirty or (outcome = 'settled' and after_ms is not null) end as stays,
            case when pressed or (dirty and outcome <> 'retry') then greatest(now, run_at)
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
        delete from converged.jobs j using decided where j.id = any (array[decided.id]) and not decided.stays
    ), kept as (
        update converged.jobs j set state = 'ready', fence = null, worker = null, dirty = false,
            is_limited = false, run_at = next_at, rank = next_at + next_priority * interval '15 seconds',
            priority = next_priority, attempt = next_attempt,
            woken_at = case when decided.dirty or outcome <> 'settled' then decided.woken_at else next_at end
        from decided where j.id = any (array[decided.id]) and decided.stays
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
            (id, kind, queue, key, priority, attempts, max_attempts, message, lane, args, created_at, died_at)
        select id, kind, queue, key, priority, attempt + 1, max_attempts, coalesce(message, ''), lane, args, created_at, now
        from decided where outcome = 'dead'
    ), rewoken as (
        -- A resync asked for this key during the attempt that was its last: that wake starts a job of its own.
        insert into converged.wakes (kind, key, urgent, at)
        select kind, key, urgent, woken_at from decided where outcome = 'dead' and dirty
    )
    select array_agg(held.given_id) filter (where verdict.word is not null) as ids,
        array_agg(verdict.word) filter (where verdict.word is not null) as words,
        coalesce(array_agg(held.id) filter (where held.id is not null), '{}') as ended,
        coalesce(array_agg(held.id) filter (where not verdict.stays and held.outcome <> 'dead'), '{}') as gone,
        coalesce(array_agg(held.id) filter (where held.outcome in ('settled', 'blocked', 'cancelled')), '{}') as through,
        coalesce(array_agg(held.id) filter (where held.outcome = 'dead'), '{}') as died,
        coalesce(bool_or(held.is_limited), false) as were_limited
    into answers
    from held
        left join lateral (select * from decided where decided.id = held.id) as d on true
        cross join lateral (select d.stays, case
            when held.id is null then 'lost'
            when held.outcome = 'dead' then 'dead'
            when d.stays and d.next_at <= now then 'due' end as word) as verdict;
    -- A job that stays for its next look begins that one anew; a dead one keeps its steps, for when it lives again. Who lost a
    -- lease must not take away the request to stop the present run.
    perform converged.forget(answers.ended, answers.through, answers.through || answers.died);
    perform converged.tell_ends(answers.gone, answers.were_limited);
    return query select * from unnest(answers.ids, answers.words);
end
$$;

call converged.hand_out('converged.fold(text[], integer), converged.claim(bigint, text[], text[], integer[], bigint[], integer),
    converged.settle(bigint[], tid[], bigint[]), converged.follow_ends(bigint[], boolean),
    converged.forget(bigint[], bigint[], bigint[]), converged.tell_ends(bigint[], boolean),
    converged.resolve_needs(bigint[]), converged.finish(bigint[], bigint[], text[], double precision[], text[], text[]),
    converged.assert_lease(bigint, bigint)', 'converged_daemon');
