-- What an operator does with the queue. Each function takes effect with the caller's transaction, answers in words, and
-- refuses with CV404 (no such thing) or CV409 (not in this state).

-- Stops leasing a kind, or one key of it. Running work ends normally, wakes are kept.
create function converged.pause(kind text, key text default '', reason text default '') returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    running bigint;
    known boolean := exists (
        select from converged.workers w, unnest(w.kinds) as served
        where pause.kind in (served, converged.kind_family(served)));
begin
    if coalesce(pause.kind, '') = '' then
        raise exception 'name the kind to pause' using errcode = 'invalid_parameter_value';
    end if;
    insert into converged.pauses (kind, key, reason) values (pause.kind, coalesce(pause.key, ''), coalesce(pause.reason, ''))
    on conflict (queue, kind, key) do update
        set reason = excluded.reason, paused_by = excluded.paused_by, paused_at = excluded.paused_at;
    select count(*) into running from converged.jobs j
    where j.state = 'running' and case when coalesce(pause.key, '') <> '' then j.kind = pause.kind and j.key = pause.key
        else pause.kind in (j.kind, converged.kind_family(j.kind)) end;
    return format('paused %s%s; %s running now will end normally%s', pause.kind, '/' || nullif(pause.key, ''), running,
        case when known then '' else '; no worker runs this kind at present' end);
end
$$;

create function converged.resume(kind text, key text default '') returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
begin
    delete from converged.pauses p where p.kind = resume.kind and p.key = coalesce(resume.key, '');
    if not found then
        raise exception '%', format('%s%s is not paused', resume.kind, '/' || nullif(resume.key, ''))
            using errcode = 'CV404', hint = 'select * from converged.pauses lists what is';
    end if;
    perform pg_notify('converged_jobs', '');
    return format('resumed %s%s', resume.kind, '/' || nullif(resume.key, ''));
end
$$;

-- The same for a whole queue.
create function converged.pause_queue(queue text, reason text default '') returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    running bigint;
begin
    perform converged.assert_queue(pause_queue.queue);
    insert into converged.pauses (queue, reason) values (pause_queue.queue, coalesce(pause_queue.reason, ''))
    on conflict (queue, kind, key) do update
        set reason = excluded.reason, paused_by = excluded.paused_by, paused_at = excluded.paused_at;
    select count(*) into running from converged.jobs j where j.state = 'running' and j.queue = pause_queue.queue;
    return format('paused queue %s; %s running now will end normally', pause_queue.queue, running);
end
$$;

create function converged.resume_queue(queue text) returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
begin
    delete from converged.pauses p where p.queue = resume_queue.queue and p.kind = '';
    if not found then
        raise exception 'queue % is not paused', resume_queue.queue
            using errcode = 'CV404', hint = 'select * from converged.pauses lists what is';
    end if;
    perform pg_notify('converged_jobs', '');
    return format('resumed queue %s', resume_queue.queue);
end
$$;

-- A limit counts one kind: that of a family would hold nobody back.
create function converged.assert_one_kind(name text) returns void
    language plpgsql stable set search_path = pg_catalog, converged
as $$
#variable_conflict use_variable
declare
    members text[];
begin
    select array_agg(k.name order by k.name) into members from converged.kinds k
    where converged.kind_family(k.name) = name and k.name <> name;
    if members is not null and not exists (select from converged.kinds k where k.name = name) then
        raise exception '% is a family of kinds, and a limit is of one: %', name, array_to_string(members[1:10], ', ')
            using errcode = 'invalid_parameter_value',
                hint = 'limit each of them by its name; a pause of ' || name || ' holds all of them';
    end if;
end
$$;

-- Limits of a queue or kind over all daemons; null takes that limit away, all null the row.
create function converged.set_limit(
    scope text, name text, max_running integer default null, rate_per_second double precision default null,
    burst integer default null, max_per_lane integer default null) returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_variable
begin
    if scope not in ('queue', 'kind') then
        raise exception '% has no limits: a queue or a kind has', scope using errcode = 'invalid_parameter_value';
    end if;
    if scope = 'queue' then
        perform converged.assert_queue(name);
    elsif num_nonnulls(max_running, rate_per_second, max_per_lane) > 0 then
        perform converged.assert_one_kind(name);
    end if;
    if num_nonnulls(max_running, rate_per_second, max_per_lane) = 0 then
        delete from converged.limits l where l.scope = set_limit.scope and l.name = set_limit.name;
    else
        insert into converged.limits as l (scope, name, max_running, rate_per_second, burst, max_per_lane)
        values (scope, name, max_running, rate_per_second,
            case when rate_per_second is not null then coalesce(burst, greatest(1, ceil(rate_per_second)::integer)) end,
            max_per_lane)
        on conflict on constraint limits_pkey do update set max_running = excluded.max_running, burst = excluded.burst,
            rate_per_second = excluded.rate_per_second, max_per_lane = excluded.max_per_lane;
    end if;
    perform pg_notify('converged_jobs', '');
    return format('%s %s: %s', scope, name, coalesce(nullif(concat_ws(', ',
        'at most ' || max_running || ' running', rate_per_second || ' a second',
        'at most ' || max_per_lane || ' in a lane'), ''), 'no limit'));
end
$$;

-- A changed limit counts what runs already, however it is written.
create function converged.limit_changed() returns trigger language plpgsql
as $$
begin
    if tg_op = 'INSERT' or (new.max_running, new.max_per_lane) is distinct from (old.max_running, old.max_per_lane) then
        new.is_applied := false;
    end if;
    return new;
end
$$;
create trigger limit_changed before insert or update of max_running, max_per_lane on converged.limits
    for each row execute function converged.limit_changed();

-- Takes a waiting or dead job away, or asks the worker of a running one to stop it: it hears of that at once, or with its next
-- heartbeat. A keyed job that is woken again starts anew: to keep a key still, pause it.
create function converged.cancel(job bigint) returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    ended timestamptz := converged.now();
    asker text := coalesce((select asked_by from converged.cancellations c where c.job = cancel.job), session_user);
begin
    with removed as (
        delete from converged.jobs j where j.id = cancel.job and j.state <> 'running' returning *
    ), buried as (
        delete from converged.dead_jobs d where d.id = cancel.job returning *
    )
    insert into converged.job_history (job, kind, queue, key, outcome, message, attempts, created_at, finished_at)
    select id, kind, queue, key, 'cancelled', 'by ' || asker, attempt, created_at, ended from removed
    union all
    select id, kind, queue, key, 'cancelled', 'by ' || asker, attempts, created_at, ended from buried;
    if found then
        delete from converged.job_needs n where n.job = cancel.job;
        perform converged.follow_ends(array[cancel.job], false);
        return format('cancelled job %s', job);
    end if;
    if not exists (select from converged.jobs j where j.id = cancel.job) then
        raise exception 'there is no job %', job using errcode = 'CV404',
            hint = 'converged.jobs holds the waiting and running ones, converged.dead_jobs the dead, converged.job_history the ended';
    end if;
    insert into converged.cancellations (job) values (cancel.job) on conflict do nothing;
    perform pg_notify('converged_cancellations', '');
    return format('asked the worker of job %s to stop it', job);
end
$$;

-- Runs a job now: a dead one starts again at its first attempt, one in back-off waits no longer.
create function converged.retry(job bigint) returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    moment timestamptz := converged.now();
    present converged.job_state;
    rival bigint;
begin
    update converged.jobs j set run_at = least(j.run_at, moment), attempt = 0, priority = 0, rank = least(j.run_at, moment),
        urgent = true, woken_at = moment
    where j.id = retry.job and j.state = 'ready';
    if found then
        perform pg_notify('converged_jobs', '');
        return format('job %s is due now', job);
    end if;
    select state into present from converged.jobs j where j.id = retry.job;
    if present = 'waiting' then
        raise exception 'job % waits for other jobs', job using errcode = 'CV409',
            hint = format('select needs from converged.job_needs where job = %s', job);
    elsif present is not null then
        raise exception 'job % is running', job using errcode = 'CV409', hint = 'wait for its end, or converged.cancel';
    end if;
    select j.id into rival from converged.dead_jobs d join converged.jobs j on j.kind = d.kind and j.key = d.key
    where d.id = retry.job;
    if found then
        raise exception 'job % has taken over the key of dead job %', rival, job
            using errcode = 'CV409', hint = format('select converged.cancel(%s) removes the dead one', job);
    end if;
    if converged.redrive_these(array[retry.job]) = 0 then
        raise exception 'there is no job % to retry', job using errcode = 'CV404',
            hint = 'converged.jobs holds the waiting ones, converged.dead_jobs the dead';
    end if;
    return format('job %s lives again', job);
end
$$;

-- Dead letters start again at their first attempt: those of a kind, a queue, an error like this, since then. Returns how
-- many; those whose key has a new job stay dead.
create function converged.redrive(
    kind text default null, queue text default null, error_like text default null, died_after timestamptz default null,
    most integer default 1000) returns bigint
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
begin
    if most not between 1 and 100000 then
        raise exception 'redrive at most % is not between 1 and 100000', most using errcode = 'invalid_parameter_value';
    end if;
    return converged.redrive_these(array(
        select d.id from converged.dead_jobs d
        where (redrive.kind is null or d.kind = redrive.kind) and (redrive.queue is null or d.queue = redrive.queue)
            and (error_like is null or d.message like error_like)
            and (died_after is null or d.died_at >= died_after)
        order by d.died_at limit most));
end
$$;

create function converged.redrive_these(ids bigint[]) returns bigint
    language plpgsql
as $$
#variable_conflict use_column
declare
    moment timestamptz := converged.now();
    revived bigint;
begin
    -- Held to the end of the transaction: a fold leaves such keys alone instead of waiting for us.
    perform pg_advisory_xact_lock_shared(1129270083, bucket)
    from (select distinct converged.bucket(d.kind, d.key) as bucket
          from converged.dead_jobs d where d.id = any (ids) and d.key is not null) as keys;
    with taken as (
        select d.* from converged.dead_jobs d
        where d.id = any (ids) and not exists (select from converged.jobs j where j.kind = d.kind and j.key = d.key)
        for update skip locked
    ), alive as (
        insert into converged.jobs
            (id, kind, queue, key, priority, run_at, rank, max_attempts, urgent, woken_at, created_at, lane, args)
        overriding system value
        select id, kind, queue, key, 0, moment, moment, max_attempts, true, moment, created_at, lane, args from taken
        on conflict (kind, key) where key is not null do nothing
        returning id
    ), removed as (
        delete from converged.dead_jobs d using alive where d.id = alive.id
    )
    select count(*) into revived from alive;
    if revived > 0 then
        perform pg_notify('converged_jobs', '');
    end if;
    return revived;
end
$$;

call converged.hand_out('converged.pause(text, text, text), converged.resume(text, text), converged.pause_queue(text, text),
    converged.resume_queue(text), converged.set_limit(text, text, integer, double precision, integer, integer),
    converged.cancel(bigint), converged.retry(bigint), converged.redrive(text, text, text, timestamptz, integer)',
    'converged_operator');
revoke all on function converged.redrive_these(bigint[]), converged.assert_one_kind(text) from public;
-- A web app may take back what it enqueued, and the rescue ends what was to be cancelled.
grant execute on function converged.cancel(bigint) to converged_web, converged_daemon;
