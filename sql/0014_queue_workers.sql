-- How workers prove that they live, and what becomes of the runs of those that do not. See 0006 for why functions pin their
-- planner settings.

-- "I live": one row, every 3 s. Tells whether the operator wants the worker to drain, which of its jobs to stop, and how many
-- workers, itself included, do what it does.
-- No row: the worker was thought dead and must start over.
create function converged.heartbeat(worker bigint) returns table (draining boolean, cancelled bigint[], peers bigint)
    language sql
as $$
    update converged.workers set seen_at = converged.now() where id = heartbeat.worker
    returning draining, array(
        select c.job from converged.cancellations c join converged.jobs j on j.id = c.job
        where j.worker = heartbeat.worker and j.state = 'running'),
        (select count(*) from converged.workers w
        where not w.draining and w.seen_at > converged.now() - interval '10 seconds'
            and w.kinds && array_remove(workers.kinds, 'upkeep'))
$$;

-- Takes back what dead workers held, keeping the count of attempts. `jobs` is read through only when a worker is dead, or
-- when the caller is `thorough`: then also for jobs whose worker has no row at all (a restored back-up). Of several that want
-- that at once, as when daemons start together, one is enough.
create function converged.rescue(caller bigint, unseen_for interval, thorough boolean)
    returns table (worker bigint, name text, rescued bigint)
    language plpgsql
    set jit = off
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    reads_all constant boolean := thorough and pg_try_advisory_xact_lock(1129270087, 0);
    dead bigint[];
    lost bigint[];
    holders bigint[];
begin
    select coalesce(array_agg(id), '{}') into dead
    from (select id from converged.workers
          where id <> caller and seen_at < now - unseen_for
          for update skip locked) as unseen
    where pg_try_advisory_xact_lock(converged.worker_lock(id));  -- not while it claims
    if exists (select from converged.job_needs) then
        -- A job that somebody enqueued to wait for another while that one ended.
        perform converged.resolve_needs(array(
            select distinct n.job from converged.job_needs n
            where not exists (select from converged.jobs j where j.id = n.needs)
                and not exists (select from converged.dead_jobs d where d.id = n.needs)));
    end if;
    if cardinality(dead) = 0 and not reads_all then
        perform converged.end_cancelled();
        return;
    end if;
    select coalesce(array_agg(id), '{}'), coalesce(array_agg(worker), '{}') into lost, holders
    from (select id, worker from converged.jobs
          where state = 'running' and (worker = any (dead)
              or (reads_all and not exists (select from converged.workers w where w.id = jobs.worker)))
          order by id for update skip locked) as held;
    perform converged.take_back(lost);
    return query
        select coalesce(w.id, holder), coalesce(w.name, ''), count(holder)
        from (select * from converged.workers where id = any (dead)) w full join unnest(holders) as holder on holder = w.id
        group by 1, 2;
    -- A job that was being written just now was left; its worker's row stays until the next look.
    delete from converged.workers w
    where w.id = any (dead) and not exists (select from converged.jobs j where j.state = 'running' and j.worker = w.id);
    perform converged.end_cancelled();
    if dead <> '{}' or lost <> '{}' then
        perform pg_notify('converged_jobs', '');
    end if;
end
$$;

-- Runs that nobody answers for: due again, attempt uncounted, though not before the time that a replacement gave. One that
-- was to be stopped and was also woken has been stopped, and the wake counts, as at an end under the lease.
create function converged.take_back(ids bigint[]) returns void
    language plpgsql
    set jit = off
as $$
declare
    moment timestamptz := converged.now();
    stopped bigint[];
begin
    with halted as (
        delete from converged.cancellations c using converged.jobs j
        where c.job = any (ids) and j.id = c.job and j.dirty
        returning j.*, c.asked_by
    ), recorded as (
        insert into converged.job_history
            (job, kind, queue, key, outcome, message, attempts, worker, created_at, started_at, finished_at)
        select id, kind, queue, key, 'cancelled', 'by ' || asked_by, attempt + 1, worker, created_at, leased_at, moment from halted
    )
    select coalesce(array_agg(id), '{}') into stopped from halted;
    perform converged.forget('{}', stopped, stopped);
    update converged.jobs j set state = 'ready', fence = null, worker = null, dirty = false, is_limited = false,
        run_at = greatest(moment, j.run_at), attempt = anew.attempt, priority = anew.priority,
        rank = greatest(moment, j.run_at) + anew.priority * interval '15 seconds'
    from (select id,
              case when dirty and urgent or id = any (stopped) then 0 else attempt end as attempt,
              case when dirty and urgent then 0 when id = any (stopped) then 8 else priority end as priority
          from converged.jobs where id = any (ids)) as anew
    where j.id = anew.id;
end
$$;

-- Requests to stop a run that were committed when that run had just ended for another: the job goes before it runs again.
create function converged.end_cancelled() returns void
    language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
begin
    if exists (select from converged.cancellations) then
        perform converged.cancel(held.id)
        from (select j.id from converged.cancellations c join converged.jobs j on j.id = any (array[c.job])
              where j.state = 'ready' for update of j skip locked) as held;
        -- The run had ended for good.
        delete from converged.cancellations c where not exists (select from converged.jobs j where j.id = any (array[c.job]));
    end if;
end
$$;

-- The clean end of a worker. Waits for its claim that commits just now, whose jobs the next thorough rescue then finds.
create function converged.remove_worker(worker bigint) returns void
    language plpgsql
as $$
begin
    perform pg_advisory_xact_lock(converged.worker_lock(remove_worker.worker));
    delete from converged.workers where id = remove_worker.worker;
end
$$;

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
    perform pg_advisory_xact_lock(converged.worker_lock(renew_worker.worker));  -- a claim that commits just now
    perform 1 from converged.workers where id = renew_worker.worker for update;
    if not found then
        raise exception 'worker % is not registered any more', renew_worker.worker using errcode = 'CV002';
    end if;
    insert into converged.workers (name, version, kinds, started_at, seen_at, draining)
    select name, version, kinds, started_at, now, draining from converged.workers where id = renew_worker.worker
    returning id into renewed;
    update converged.jobs j set worker = renewed
    from unnest(renew_worker.jobs, fences) as known (id, fence)
    where j.id = known.id and j.fence = known.fence and j.worker = renew_worker.worker and j.state = 'running';
    perform converged.take_back(array(
        select id from converged.jobs j where j.state = 'running' and j.worker = renew_worker.worker for update));
    delete from converged.workers where id = renew_worker.worker;
    return renewed;
end
$$;

call converged.hand_out('converged.end_cancelled(), converged.take_back(bigint[]), converged.heartbeat(bigint),
    converged.rescue(bigint, interval, boolean), converged.renew_worker(bigint, bigint[], bigint[]),
    converged.remove_worker(bigint)',
    'converged_daemon');
