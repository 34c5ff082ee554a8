-- What limits let pass: called by converged.claim. See 0006 for why each function pins its planner settings.

-- The lock that claims share until their commit, and whoever counts what runs under a new limit takes alone.
create function converged.limits_lock() returns bigint
    language sql immutable parallel safe
    return 1129270085::bigint << 32;

-- Counts what ran before a limit was there. Claims that do not see the limit yet are waited for; a run that is being written at
-- this moment is not, and then the limit stays closed until the next claim.
create function converged.count_limited() returns void
    language plpgsql
    set jit = off
as $$
declare
    bound converged.limits;
begin
    perform pg_advisory_xact_lock(converged.limits_lock());
    for bound in
        select * from converged.limits
        where not is_applied and coalesce(max_running, max_per_lane) is not null
        for no key update skip locked
    loop
        update converged.jobs j set is_limited = true
        from (select id from converged.jobs
              where state = 'running' and not is_limited
                  and bound.name = case bound.scope when 'queue' then queue else kind end
              for update skip locked) as running
        where j.id = running.id;
        update converged.limits l set is_applied = true
        where l.scope = bound.scope and l.name = bound.name and not exists (
            select from converged.jobs j
            where j.state = 'running' and not j.is_limited
                and bound.name = case bound.scope when 'queue' then j.queue else j.kind end);
    end loop;
end
$$;

-- How many jobs of each kind may be leased under the limits: `open` of the `wanted`. `counted` marks kinds whose runs a limit
-- counts, `lanes` the limit within a lane, `wait_ms` the time until a rate limit lets the next one pass. Claims under one limit
-- take turns until commit, so that each counts what the other took.
create function converged.apply_limits(
    kinds text[], queues text[], wanted integer[],
    out open integer[], out counted boolean[], out lanes integer[], out wait_ms double precision)
    language plpgsql
    set jit = off
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    named record;
    bound converged.limits;
    place integer;
    room double precision;
begin
    open := wanted;
    counted := array_fill(false, array[cardinality(wanted)]);
    lanes := array_fill(null::integer, array[cardinality(wanted)]);
    for named in
        select scope, name, hashtext(scope || name) as lock from converged.limits
        where name = any (case scope when 'queue' then queues else kinds end)
        order by 3, 1, 2
    loop
        perform pg_advisory_xact_lock(1129270084, named.lock);
        select * into bound from converged.limits l where l.scope = named.scope and l.name = named.name;
        continue when not found;
        room := 'infinity';
        if not bound.is_applied and coalesce(bound.max_running, bound.max_per_lane) is not null then
            room := 0;  -- not before what runs already is counted
        elsif bound.max_running is not null then
            select bound.max_running - count(*) into room from converged.jobs j
            where j.is_limited and bound.name = case bound.scope when 'queue' then j.queue else j.kind end;
        end if;
        if bound.rate_per_second is not null then
            perform 1 from converged.limits l
            where l.scope = bound.scope and l.name = bound.name for no key update skip locked;
            if not found then
                room := 0;  -- an open transaction changes it: whoever else is limited goes on
            end if;
        end if;
        if bound.rate_per_second is not null and room > 0 then
            bound.tokens := least(bound.burst,
                bound.tokens + bound.rate_per_second * coalesce(date_part('epoch', now - nullif(bound.filled_at, '-infinity')), 1e9));
            update converged.limits l set tokens = bound.tokens, filled_at = now
            where l.scope = bound.scope and l.name = bound.name;
            room := least(room, floor(bound.tokens));
            if bound.tokens < 1 then
                wait_ms := least(wait_ms, 1000 * (1 - bound.tokens) / bound.rate_per_second);
            end if;
        end if;
        -- Kinds of a limited queue are served in a new order each time, so that none of them starves.
        for place in
            select i from generate_subscripts(kinds, 1) as i
            where bound.name = case bound.scope when 'queue' then queues[i] else kinds[i] end
            order by random()
        loop
            open[place] := greatest(0, least(open[place], room));
            room := room - open[place];
            counted[place] := counted[place] or bound.max_running is not null or bound.max_per_lane is not null;
            lanes[place] := least(lanes[place], bound.max_per_lane);
        end loop;
    end loop;
end
$$;

-- The best jobs of a kind that its lanes have room for: one look per lane that has jobs, however long the lanes are.
create function converged.lane_heads(kind text, queue text, most integer, per_lane integer) returns setof tid
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    current_lane text := '';
    room integer;
    ranks timestamptz[] := '{}';
    heads tid[] := '{}';
    best record;
begin
    loop
        select j.lane into current_lane from converged.jobs j
        where j.state = 'ready' and j.lane is not null and j.kind = lane_heads.kind and j.queue = lane_heads.queue
            and j.lane > current_lane
        order by j.lane limit 1;
        exit when not found;
        select per_lane - count(*) into room from converged.jobs j
        where j.is_limited and j.kind = lane_heads.kind and j.lane = current_lane;
        continue when room <= 0;
        select array_agg(head.rank) as ranks, array_agg(head.tid) as tids into best from (
            select j.rank, j.ctid as tid from converged.jobs j
            where j.state = 'ready' and j.lane is not null and j.kind = lane_heads.kind and j.queue = lane_heads.queue
                and j.lane = current_lane and j.rank <= now + interval '2 minutes' and j.run_at <= now
            order by j.rank limit room) as head;
        ranks := ranks || coalesce(best.ranks, '{}');
        heads := heads || coalesce(best.tids, '{}');
    end loop;
    return query
        select head.tid from unnest(ranks, heads) as head (rank, tid) order by head.rank limit most;
end
$$;

call converged.hand_out('converged.apply_limits(text[], text[], integer[]), converged.count_limited(),
    converged.lane_heads(text, text, integer, integer)', 'converged_daemon');
