-- What a worker does with the queue, as functions: fold and claim here, the ends of runs in 0007, heartbeat and rescue
-- in 0014, limits in 0026. Each is one round trip and is planned once per connection, with or without named prepared statements.
--
-- Why the settings on each function: a plan made while `jobs` was empty is kept while it holds 100 000 rows, and the
-- statistics of a backlog say that nothing runs. Without sequential scans, hash and merge joins, the only plans left are
-- the right ones: jobs_ready for the claim, jobs_key for the fold, row addresses (ctid) for what is claimed and finished.
--
-- Why joins say "= any (array[…])" or "limit 1" where "=" would do: statistics from when the table was empty say that it has one
-- row, whatever came since. Of an equality the planner then makes a walk through the whole index with the given rows inside;
-- of these it cannot.

-- Moves wakes into jobs. A running job becomes dirty and runs once more; a waiting job becomes due, out of a back-off only
-- by an urgent wake. A wake whose job is being written at this moment, or whose key is being enqueued in a transaction that
-- is still open, stays in the inbox (`left_behind`): nothing here waits for anybody.
create function converged.fold(kinds text[], most integer, out folded integer, out due integer, out left_behind integer)
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
    set jit = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
begin
    with taken as materialized (
        select wake.*
        from unnest(fold.kinds) as known (kind)
            cross join lateral (
                select * from converged.wakes w
                where w.kind = known.kind
                order by w.id limit most
                for update skip locked) as wake
    ), grouped as materialized (
        select kind, key, bool_or(urgent) as urgent, min(at) as at, bool_or(replaces) as replaces,
            (array_agg(args order by replaces desc, id desc) filter (where args is not null))[1] as args,
            (array_agg(run_at order by replaces desc, id desc))[1] as run_at
        from taken group by kind, key
    ), met as materialized (
        select grouped.*, present.id as present, held.id as held,
            present.id is null and pg_try_advisory_xact_lock(1129270083, converged.bucket(grouped.kind, grouped.key)) as free
        from grouped
            left join lateral (
                select id from converged.jobs j
                where j.kind = grouped.kind and j.key = grouped.key limit 1) as present on true
            left join lateral (
                select id from converged.jobs j where j.id = present.id for update skip locked) as held on true
    ), fresh as (
        insert into converged.jobs
            (kind, queue, key, priority, run_at, rank, max_attempts, urgent, woken_at, created_at, args)
        select met.kind, coalesce(k.queue, 'default'), met.key, case when urgent then 0 else 8 end, coalesce(run_at, at),
            coalesce(run_at, at) + case when urgent then interval '0' else interval '2 minutes' end, k.max_attempts,
            urgent, at, now, args
        from met left join converged.kinds k on k.name = met.kind
        where free
        order by met.kind, met.key
        on conflict (kind, key) where key is not null do nothing
        returning kind, key, run_at
    ), changed as (
        update converged.jobs job set
            dirty = job.state = 'running',
            urgent = job.urgent or met.urgent,
            args = case when met.replaces then met.args else job.args end,
            woken_at = case
                when job.state = 'running' and not job.dirty then met.at
                when job.state <> 'running' and job.run_at > now then met.at
                else job.woken_at end,
            attempt = case when job.state <> 'running' and met.urgent then 0 else job.attempt end,
            priority = case when job.state <> 'running' and met.urgent then 0 else job.priority end,
            run_at = case
                when met.replaces and met.run_at is not null then met.run_at
                when job.state <> 'running' and (met.urgent or job.attempt = 0) then least(job.run_at, now)
                else job.run_at end,
            rank = case
                when met.replaces and met.run_at is not null then met.run_at
                    + case when job.state <> 'running' and met.urgent then 0 else job.priority end * interval '15 seconds'
                when job.state <> 'running' and met.urgent then least(job.run_at, now)
                when job.state <> 'running' and job.attempt = 0
                    then least(job.run_at, now) + job.priority * interval '15 seconds'
                else job.rank end
        from met where job.id = any (array[met.held])
        returning job.kind, job.key, job.state = 'ready' and job.run_at <= now as due
    ), done as (
        select kind, key, run_at <= now as due from fresh union all select kind, key, due from changed
    ), removed as (
        delete from converged.wakes w using taken
        where w.kind = any (array[taken.kind]) and w.id = any (array[taken.id]) and (taken.kind, taken.key) in (select kind, key from done)
        returning 1
    )
    select (select count(*) from removed), (select count(*) from done where done.due),
        (select count(*) from met) - (select count(*) from done)
    into folded, due, left_behind;
end
$$;

-- The lock that a claim shares until its commit, and whoever removes or renews the worker takes alone.
create function converged.worker_lock(worker bigint) returns bigint
    language sql immutable parallel safe
    return (1129270086::bigint << 32) | (worker & 2147483647);

-- Which of the locks on keys not yet seen a key shares: enqueuers hold it shared, a fold tries for it alone.
create function converged.bucket(kind text, key text) returns integer
    language sql immutable parallel safe
    return hashtext(kind || '/' || key) & 1023;

-- One turn of a worker: folds, then leases due jobs of each kind up to its limit, in the order of rank. The last row has no
-- id and tells about the turn: the fence of all leases, wakes folded and left behind, in how many ms the next job known
-- here falls due, and how long the look for due jobs took.
--
-- `floors`, one per kind, is the rank where that look begins, in microseconds; null finds everything. While somebody holds an old snapshot, dead
-- entries pile up at the head of the index; a worker then begins at the last rank that it leased and looks at everything
-- only now and then.
--
-- Raises CV002 when the worker's row is gone: it was thought dead, and whatever it held is no longer its own.
create function converged.claim(
    worker bigint, kinds text[], queues text[], limits integer[], floors bigint[], most_wakes integer)
    returns table (
        id bigint, tid tid, kind text, key text, attempt integer, priority integer, args text, woken_us bigint,
        waited_us bigint, rank_us bigint, fence bigint, folded integer, left_behind integer,
        next_ms double precision, look_ms double precision)
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
    set jit = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    lease bigint;
    known record;
    woken record;
    open integer[] := claim.limits;
    counted boolean[];
    lanes integer[];
    is_bounded boolean := false;
    has_floors boolean := array_remove(floors, null) <> '{}';
    tells_rank boolean;
    heads tid[] := '{}';
    more tid[];
    best tid[] := '{}';
    claimed integer;
    due integer := 0;
    began timestamptz;
    nearest timestamptz;
    wait_ms double precision;
begin
    -- Held until commit, so that whoever removes a dead worker sees all that it claimed before; see converged.remove_worker.
    -- A lock is taken within an empty "if": as an expression it has no plan to set up, unlike a "perform".
    if pg_advisory_xact_lock_shared(converged.worker_lock(claim.worker)) is null then
    end if;
    select exists (select from converged.workers w where w.id = claim.worker) as is_registered,
        exists (select from converged.wakes w where w.kind = any (claim.kinds)) as wakes,
        exists (select from converged.pauses) as pauses,
        exists (select from converged.pauses where key <> '') as key_pauses,
        exists (select from converged.limits
            where not is_applied and coalesce(max_running, max_per_lane) is not null) as uncounted
    into known;
    if not known.is_registered then
        raise exception 'worker % is not registered any more', claim.worker using errcode = 'CV002';
    end if;
    folded := 0;
    left_behind := 0;
    if known.wakes then
        select * into woken from converged.fold(claim.kinds, most_wakes);
        folded := woken.folded;
        left_behind := woken.left_behind;
        due := woken.due;
    end if;
    if known.pauses then
        select array_agg(case when exists (select from converged.pauses p
                where p.queue = wanted.queue or (p.key = '' and p.kind in (wanted.kind, converged.kind_family(wanted.kind))))
            then 0 else wanted.most end order by wanted.place)
        into open
        from unnest(claim.kinds, claim.queues, claim.limits) with ordinality as wanted (kind, queue, most, place);
    end if;
    if known.uncounted then
        perform converged.count_limited();
    end if;
    if pg_advisory_xact_lock_shared(converged.limits_lock()) is null then
    end if;
    if exists (select from converged.limits) then
        is_bounded := true;
        select bounds.open, bounds.counted, bounds.lanes, bounds.wait_ms into open, counted, lanes, wait_ms
        from converged.apply_limits(claim.kinds, claim.queues, open) as bounds;
        for place in 1 .. cardinality(open) loop
            if lanes[place] is not null and open[place] > 0 then
                more := array(select converged.lane_heads(
                    claim.kinds[place], claim.queues[place], open[place], lanes[place]));
                heads := heads || more;
                open[place] := open[place] - cardinality(more);
            end if;
        end loop;
    end if;
    began := clock_timestamp();
    if 0 < any (open) then
        best := array(
            select candidate.tid
            from unnest(claim.queues, claim.kinds, open, floors, lanes) as wanted (queue, kind, most, floor, per_lane)
                cross join lateral (
                    select j.ctid as tid from converged.jobs j
                    where j.state = 'ready' and j.queue = wanted.queue and j.kind = wanted.kind
                        and j.rank >= coalesce(to_timestamp((wanted.floor - 1) / 1000000.0), '-infinity')
                        and j.rank <= now + interval '2 minutes' and j.run_at <= now
                        and (j.lane is null or wanted.per_lane is null)
                        and not (known.key_pauses and exists (
                            select from converged.pauses p where p.kind = j.kind and p.key = j.key))
                    order by j.rank limit wanted.most
                    for update skip locked) as candidate);
    end if;
    if cardinality(heads) > 0 then
        best := best || array(
            select candidate.tid
            from unnest(heads) as head (tid)
                cross join lateral (
                    select j.ctid as tid from converged.jobs j
                    where j.ctid = head.tid and j.state = 'ready' and not (known.key_pauses and exists (
                        select from converged.pauses p where p.kind = j.kind and p.key = j.key))
                    for update skip locked) as candidate);
    end if;
    claimed := cardinality(best);
    if claimed > 0 then
        if is_bounded then
            update converged.limits l set tokens = l.tokens - taken.count
            from (
                select bound.scope, bound.name, count(*) as count
                from converged.jobs j
                    join converged.limits bound on bound.name = case bound.scope
                        when 'queue' then claim.queues[array_position(claim.kinds, j.kind)] else j.kind end
                where j.ctid = any (best) and bound.rate_per_second is not null
                group by 1, 2) as taken
            where l.scope = taken.scope and l.name = taken.name;
        end if;
        lease := nextval('converged.fences');
        tells_rank := has_floors or clock_timestamp() - began > interval '2 milliseconds';
        return query
            update converged.jobs job set state = 'running', fence = lease, worker = claim.worker, leased_at = now,
                dirty = false, urgent = false, is_limited = is_bounded and counted[array_position(claim.kinds, job.kind)]
            -- As an array and not as a join: one pass over row addresses instead of a scan for each.
            where job.ctid = any (best)
            returning job.id, job.ctid, job.kind, job.key, job.attempt::integer, job.priority::integer, job.args::text,
                (1000000 * date_part('epoch', job.woken_at))::bigint,
                (1000000 * date_part('epoch', now - greatest(job.woken_at, job.run_at)))::bigint,
                case when tells_rank then (1000000 * date_part('epoch', job.rank))::bigint end,
                null::bigint, null::integer, null::integer, null::double precision, null::double precision;
    end if;
    if due > claimed then
        perform pg_notify('converged_jobs', '');  -- more than this worker takes: others look too
    end if;
    if claimed < any (open) then
        -- A sample of what comes next by rank; whatever it misses is found by the next poll.
        select min(soon.run_at) into nearest
        from unnest(claim.queues, claim.kinds, open, floors) as wanted (queue, kind, most, floor)
            cross join lateral (
                select j.run_at from converged.jobs j
                where j.state = 'ready' and j.queue = wanted.queue and j.kind = wanted.kind and wanted.most > 0
                    -- What was enqueued with a low priority in the last minutes has such ranks too, and is dead.
                    and j.rank > greatest(now, to_timestamp(wanted.floor / 1000000.0))
                    and j.rank <= now + interval '122 seconds' and j.run_at > now
                order by j.rank limit 100) as soon;
    end if;
    fence := lease;
    next_ms := least(1000 * date_part('epoch', nearest - now), wait_ms);
    look_ms := 1000 * date_part('epoch', clock_timestamp() - began);
    return next;
end
$$;

