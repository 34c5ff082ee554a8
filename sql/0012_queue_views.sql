-- What people are shown of the queue: each job with the reason why it waits.
--
-- A reason is judged from the rows of this moment, as the next claim would: it explains, it decides nothing.

-- For people, in the time zone of the session.
create function converged.say_time(moment timestamptz) returns text
    language sql stable parallel safe
    return to_char(moment, 'YYYY-MM-DD HH24:MI:SSOF');

-- Why a job waits, or where it runs. Costly beside a row's columns: planners shall ask for few jobs, not for all of them.
create function converged.why_waiting(job converged.jobs) returns text
    language plpgsql stable cost 1000 set search_path = pg_catalog, converged, pg_temp
as $$
declare
    now timestamptz := converged.now();
    reason text;
begin
    if job.state = 'running' then
        select 'cancelling: asked by ' || c.asked_by into reason from converged.cancellations c where c.job = why_waiting.job.id;
        return coalesce(reason, converged.why_running(job, now));
    elsif job.state = 'waiting' then
        return converged.why_needing(job.id);
    elsif job.run_at > now and job.attempt > 0 then
        return format('backs off until %s after attempt %s', converged.say_time(job.run_at), job.attempt);
    elsif job.run_at > now then
        return format('not before %s', converged.say_time(job.run_at));
    end if;
    select case when p.queue <> '' then 'queue ' || p.queue when p.key <> '' then p.kind || '/' || p.key else 'kind ' || p.kind end
        || ' paused by ' || p.paused_by || coalesce(': ' || nullif(p.reason, ''), '') into reason
    from converged.pauses p
    where p.queue = job.queue or (p.kind = job.kind and p.key in ('', job.key))
        or (p.kind = converged.kind_family(job.kind) and p.key = '')
    order by p.queue = '', p.key limit 1;
    return coalesce(reason, converged.why_unserved(job, now), converged.why_limited(job, now), 'due');
end
$$;

create function converged.why_running(job converged.jobs, now timestamptz) returns text
    language sql stable set search_path = pg_catalog, converged, pg_temp
as $$
    select coalesce(
        (select format('running on worker %s (%s)', w.id, w.name) || case when w.seen_at <= now - interval '10 seconds'
                then ', not seen since ' || converged.say_time(w.seen_at) else '' end
            from converged.workers w where w.id = job.worker),
        format('running on worker %s, which is gone', job.worker));
$$;

-- The dead first: they need a person.
create function converged.why_needing(job bigint) returns text
    language sql stable set search_path = pg_catalog, converged, pg_temp
as $$
    select coalesce((
        select format('waits for job %s', n.needs) || case when d.id is not null then ', which is dead' else '' end
            || case when count(*) over () > 1 then format(', and %s more', count(*) over () - 1) else '' end
        from converged.job_needs n left join converged.dead_jobs d on d.id = n.needs
        where n.job = why_needing.job order by d.id is null, n.needs limit 1), 'waits for upkeep: all that it needs has ended');
$$;

create function converged.why_unserved(job converged.jobs, now timestamptz) returns text
    language plpgsql stable set search_path = pg_catalog, converged, pg_temp
as $$
declare
    awake bigint;
    draining bigint;
    home text;
begin
    select count(*) filter (where not w.draining), count(*) filter (where w.draining) into awake, draining
    from converged.workers w where job.kind = any (w.kinds) and w.seen_at > now - interval '10 seconds';
    if awake = 0 then
        return format('no live worker runs kind %s', job.kind) || case when draining > 0
            then format(': %s of them %s', draining, case draining when 1 then 'drains' else 'drain' end) else '' end;
    end if;
    select k.queue into home from converged.kinds k where k.name = job.kind;
    if home <> job.queue then
        return format('workers take kind %s from queue %s only', job.kind, home);
    end if;
    return null;
end
$$;

create function converged.why_limited(job converged.jobs, now timestamptz) returns text
    language plpgsql stable set search_path = pg_catalog, converged, pg_temp
as $$
declare
    bound converged.limits;
    reasons text[] := '{}';
begin
    for bound in
        select * from converged.limits l where (l.scope, l.name) in (('queue', job.queue), ('kind', job.kind)) order by l.scope
    loop
        if bound.max_running <= (select count(*) from converged.jobs j
                where j.is_limited and bound.name = case bound.scope when 'queue' then j.queue else j.kind end) then
            return format('limit: %s %s at most %s running', bound.scope, bound.name, bound.max_running);
        elsif job.lane is not null and bound.max_per_lane <= (select count(*) from converged.jobs j
                where j.is_limited and j.kind = job.kind and j.lane = job.lane) then
            reasons := array[format('lane full: %s of kind %s has %s running', job.lane, job.kind, bound.max_per_lane)] || reasons;
        elsif bound.rate_per_second is not null and 1 > least(bound.burst, bound.tokens + bound.rate_per_second
                * coalesce(date_part('epoch', now - nullif(bound.filled_at, '-infinity')), 1e9)) then
            reasons := reasons || format('rate limit: %s %s at most %s a second', bound.scope, bound.name, bound.rate_per_second);
        end if;
    end loop;
    return reasons[1];
end
$$;

-- Jobs that wait, run or are dead. Arguments of secret kinds are not shown, not even sealed.
create view converged.job_list as
    select j.id, j.kind, j.queue, j.key, j.state::text as state, j.priority, j.attempt, j.max_attempts, j.run_at, j.lane,
        j.worker, j.fence, j.leased_at, j.woken_at, j.created_at, j.urgent, j.dirty, null::timestamptz as died_at,
        exists (select from converged.cancellations c where c.job = j.id) as is_cancelling,
        array(select n.needs from converged.job_needs n where n.job = j.id order by n.needs) as needs,
        p.done as progress, p.message as progress_message,
        case when j.args is not null and k.is_secret then '{"sealed": "…"}' else j.args end as args,
        (select e.message from converged.job_errors e where e.job = j.id order by e.at desc limit 1) as message,
        converged.why_waiting(j) as why
    from converged.jobs j
        left join converged.job_progress p on p.job = j.id
        left join converged.kinds k on k.name = j.kind
    union all
    select d.id, d.kind, d.queue, d.key, 'dead', d.priority, d.attempts, d.max_attempts, null, d.lane,
        null, null, null, null, d.created_at, false, false, d.died_at, false, '{}', null, null,
        case when d.args is not null and k.is_secret then '{"sealed": "…"}' else d.args end,
        d.message, format('dead after attempt %s', d.attempts)
    from converged.dead_jobs d left join converged.kinds k on k.name = d.kind;

-- Queues, and the kinds that have jobs, limits, pauses or workers: how much of each waits, and what holds it back.
create view converged.queue_list as
    with counted as (
        select part.scope, part.name, count(*) filter (where state = 'waiting') as waiting,
            count(*) filter (where state = 'ready') as ready,
            count(*) filter (where state = 'running') as running,
            min(greatest(run_at, woken_at)) filter (where state = 'ready' and run_at <= converged.now()) as oldest_due_at
        from converged.jobs j cross join lateral (values ('queue', j.queue), ('kind', j.kind)) as part (scope, name)
        group by 1, 2
    ), buried as (
        select part.scope, part.name, count(*) as dead
        from converged.dead_jobs d cross join lateral (values ('queue', d.queue), ('kind', d.kind)) as part (scope, name)
        group by 1, 2
    ), named as (
        select 'queue' as scope, name from converged.queues
        union select scope, name from counted
        union select scope, name from buried
        union select scope, name from converged.limits
        union select 'kind', name from converged.kinds
        union select 'kind', kind from converged.pauses where kind <> '' and key = ''
    )
    select n.scope, n.name, coalesce(c.waiting, 0) as waiting, coalesce(c.ready, 0) as ready, coalesce(c.running, 0) as running,
        coalesce(b.dead, 0) as dead, c.oldest_due_at, l.max_running, l.rate_per_second, l.burst, l.max_per_lane,
        p.paused_by, p.paused_at, p.reason as pause_reason
    from named n
        left join counted c using (scope, name)
        left join buried b using (scope, name)
        left join converged.limits l using (scope, name)
        left join converged.pauses p
            on p.key = '' and case n.scope when 'queue' then p.queue = n.name
                else p.kind = n.name
                    or p.kind = converged.kind_family(n.name)
                        and not exists (select from converged.pauses own where own.kind = n.name and own.key = '') end;

call converged.hand_out('converged.say_time(timestamptz), converged.why_waiting(converged.jobs),
    converged.why_running(converged.jobs, timestamptz), converged.why_needing(bigint),
    converged.why_unserved(converged.jobs, timestamptz), converged.why_limited(converged.jobs, timestamptz)',
    'converged_operator');
grant select on converged.job_list, converged.queue_list to converged_operator;
