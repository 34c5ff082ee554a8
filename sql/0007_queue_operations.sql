-- What an operator does with the queue. Each function takes effect with the caller's transaction, answers in words, and
-- refuses with CV404 (no such thing) or CV409 (not in this state).

-- Stops leasing a kind, or one key of it. Running work ends normally, wakes are kept.
create function converged.pause(kind text, key text default '', reason text default '') returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    running bigint;
    known boolean := exists (select from converged.workers w where pause.kind = any (w.kinds));
begin
    if coalesce(pause.kind, '') = '' then
        raise exception 'name the kind to pause' using errcode = 'invalid_parameter_value';
    end if;
    insert into converged.pauses (kind, key, reason) values (pause.kind, coalesce(pause.key, ''), coalesce(pause.reason, ''))
    on conflict (kind, key) do update
        set reason = excluded.reason, paused_by = excluded.paused_by, paused_at = excluded.paused_at;
    select count(*) into running from converged.jobs j
    where j.state = 'running' and j.kind = pause.kind and (coalesce(pause.key, '') = '' or j.key = pause.key);
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

-- Takes a waiting or dead job away, or asks the worker of a running one to stop it (it sees that within 3 s).
-- A keyed job that is woken again starts anew: to keep a key still, pause it.
create function converged.cancel_job(job bigint) returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    found_job converged.jobs;
    ended timestamptz := converged.now();
begin
    delete from converged.jobs j where j.id = cancel_job.job and j.state = 'ready' returning * into found_job;
    if found then
        insert into converged.job_history (job, kind, queue, key, outcome, message, attempts, created_at, finished_at)
        values (found_job.id, found_job.kind, found_job.queue, found_job.key, 'cancelled', 'by ' || session_user,
            found_job.attempt, found_job.created_at, ended);
        return format('cancelled job %s', job);
    end if;
    if exists (select from converged.jobs j where j.id = cancel_job.job) then
        insert into converged.cancellations (job) values (cancel_job.job) on conflict do nothing;
        return format('asked the worker of job %s to stop it', job);
    end if;
    with buried as (
        delete from converged.dead_jobs d where d.id = cancel_job.job returning *
    )
    insert into converged.job_history (job, kind, queue, key, outcome, message, attempts, created_at, finished_at)
    select id, kind, queue, key, 'cancelled', 'by ' || session_user, attempts, created_at, ended from buried;
    if found then
        return format('cancelled dead job %s', job);
    end if;
    raise exception 'there is no job %', job using errcode = 'CV404',
        hint = 'converged.jobs holds the waiting and running ones, converged.dead_jobs the dead, converged.job_history the ended';
end
$$;

-- Runs a job now: a dead one starts again at its first attempt, one in back-off waits no longer.
create function converged.retry_job(job bigint) returns text
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
#variable_conflict use_column
declare
    moment timestamptz := converged.now();
    dead converged.dead_jobs;
    rival bigint;
begin
    update converged.jobs j set run_at = least(j.run_at, moment), attempt = 0, priority = 0, rank = least(j.run_at, moment),
        urgent = true, woken_at = moment
    where j.id = retry_job.job and j.state = 'ready';
    if found then
        perform pg_notify('converged_jobs', '');
        return format('job %s is due now', job);
    end if;
    if exists (select from converged.jobs j where j.id = retry_job.job) then
        raise exception 'job % is running', job using errcode = 'CV409', hint = 'wait for its end, or converged.cancel_job';
    end if;
    delete from converged.dead_jobs d where d.id = retry_job.job returning * into dead;
    if not found then
        raise exception 'there is no job % to retry', job using errcode = 'CV404',
            hint = 'converged.jobs holds the waiting ones, converged.dead_jobs the dead';
    end if;
    select j.id into rival from converged.jobs j where j.kind = dead.kind and j.key = dead.key;
    if found then
        raise exception 'job % has taken over the key of dead job %', rival, job
            using errcode = 'CV409', hint = format('select converged.cancel_job(%s) removes the dead one', job);
    end if;
    insert into converged.jobs
        (id, kind, queue, key, priority, run_at, rank, max_attempts, urgent, woken_at, created_at, args)
    overriding system value
    values (dead.id, dead.kind, dead.queue, dead.key, 0, moment, moment, dead.max_attempts, true, moment, dead.created_at,
        dead.args);
    perform pg_notify('converged_jobs', '');
    return format('job %s lives again', job);
end
$$;

revoke all on function converged.pause(text, text, text), converged.resume(text, text), converged.cancel_job(bigint),
    converged.retry_job(bigint) from public;
grant execute on function converged.pause(text, text, text), converged.resume(text, text), converged.cancel_job(bigint),
    converged.retry_job(bigint) to converged_operator;
