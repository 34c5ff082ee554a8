-- The job queue: one hot, thin table of work that is due or running, and records beside it.
--
-- Who writes: the web app and operators insert wakes (through triggers and functions); the daemon does the rest.
-- Life of a job: ready -> running (leased by a worker under a fence) -> ready again, or gone into job_history/dead_jobs.
--
-- Nobody but the daemon locks a row of `jobs` that runs: an operator's or web app's open transaction holds up no worker.

create type converged.job_state as enum ('ready', 'running');

-- A worker is one daemon process. Its leases live as long as it is seen: a worker unseen for 10 s is dead, its jobs are
-- taken back by any other worker, and its late results are refused by the fence.
create table converged.workers (
    id         bigint generated always as identity primary key,
    name       text not null,                    -- host and process, for people
    version    text not null,
    kinds      text[] not null,                  -- the job kinds this process runs
    started_at timestamptz not null,
    seen_at    timestamptz not null,             -- one heartbeat updates one row, never a job
    draining   boolean not null default false    -- the operator asks it to take no new work
) with (fillfactor = 50);

create sequence converged.fences cache 100;

create table converged.jobs (
    id           bigint generated always as identity primary key,
    kind         text not null,
    queue        text not null,
    key          text,                            -- keyed work: one run plus at most one re-run per kind and key
    state        converged.job_state not null default 'ready',
    priority     smallint not null check (priority between 0 and 8),  -- 0 a user's change … 8 a resync
    run_at       timestamptz not null,            -- not before
    rank         timestamptz not null,            -- run_at + priority × 15 s: the claim order, so that waiting ages a job
    attempt      smallint not null default 0,     -- failed attempts so far; snoozes do not count
    max_attempts smallint,                        -- null: for ever (reconcilers)
    dirty        boolean not null default false,  -- woken during the run: run once more at once
    urgent       boolean not null default false,  -- a wake since the last lease came from a user's or operator's change
    fence        bigint,                          -- of the present lease; compare-and-set by every write of its holder
    worker       bigint,                          -- holder of the present lease
    leased_at    timestamptz,
    woken_at     timestamptz not null,            -- the wake that made it due (pick-up latency)
    created_at   timestamptz not null,
    args         jsonb                            -- never a secret in clear
) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);

-- The claim reads rank <= now + 2 min, the most that a priority adds, and run_at <= now: of the jobs that are not due
-- it passes only those of a better priority than 8 that fall due within two minutes.
create index jobs_ready on converged.jobs (queue, kind, rank, run_at) where state = 'ready';
create unique index jobs_key on converged.jobs (kind, key) where key is not null;

-- The inbox of wakes. A wake is an insert and never an update of a job: a web app that keeps its transaction open
-- can therefore hold up no worker, and a wake is visible exactly when the row that caused it is.
create table converged.wakes (
    id     bigint generated always as identity,
    kind   text not null,
    key    text not null,
    urgent boolean not null,
    at     timestamptz not null,
    primary key (kind, id)                        -- wakes of kinds that no worker knows are in nobody's way
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- Requests to stop a running job; its worker sees them at its next heartbeat. Beside the job, so that the request locks
-- nothing that the daemon needs. Written by converged.cancel_job, removed when the run ends.
create table converged.cancellations (
    job      bigint primary key,
    asked_by text not null default session_user,
    asked_at timestamptz not null default converged.now()
);

-- Pauses: a whole kind (key = '') or one key. Running work ends normally; paused work is neither leased nor lost.
create table converged.pauses (
    kind      text not null,
    key       text not null default '',
    reason    text not null default '',
    paused_by text not null default session_user,
    paused_at timestamptz not null default converged.now(),
    primary key (kind, key)
);

-- One row per finished job, one per failed attempt, both in daily partitions.
create table converged.job_history (
    job         bigint not null,
    kind        text not null,
    queue       text not null,
    key         text,
    outcome     text not null,                    -- settled | blocked | cancelled | dead
    message     text,
    attempts    smallint not null,
    worker      bigint,
    created_at  timestamptz not null,
    started_at  timestamptz,                      -- of the last attempt
    finished_at timestamptz not null,
    output      jsonb
) partition by range (finished_at);
create table converged.job_history_default partition of converged.job_history default;
create index on converged.job_history (job);

create table converged.job_errors (
    job     bigint not null,
    kind    text not null,
    key     text,
    attempt smallint not null,
    worker  bigint,
    message text not null,                        -- redacted by the handler
    at      timestamptz not null
) partition by range (at);
create table converged.job_errors_default partition of converged.job_errors default;
create index on converged.job_errors (job);

-- Jobs that used up their attempts. They stay until an operator retries or cancels them, or retention ends.
create table converged.dead_jobs (
    id         bigint primary key,                -- the id the job had
    kind       text not null,
    queue      text not null,
    key        text,
    priority   smallint not null,
    attempts   smallint not null,
    max_attempts smallint,                        -- the job's, for when it lives again
    message    text not null,
    args       jsonb,
    created_at timestamptz not null,
    died_at    timestamptz not null
);

insert into converged.partitioned values ('job_history', 14), ('job_errors', 14);
select converged.keep_partitions();

-- Wakes a key: its job runs soon, once, with whatever the rows say by then. `urgent` marks a user's or operator's change:
-- it goes ahead of resyncs and ends a back-off. Runs inside the caller's transaction.
create function converged.wake(kind text, key text, urgent boolean default true) returns void
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
as $$
begin
    insert into converged.wakes (kind, key, urgent, at) values (wake.kind, wake.key, wake.urgent, converged.now());
    perform pg_notify('converged_jobs', '');  -- a hint: equal hints of one transaction collapse into one
end
$$;
revoke all on function converged.wake(text, text, boolean) from public;
grant execute on function converged.wake(text, text, boolean) to converged_operator, converged_daemon;

-- Raises CV001 unless the job is still held under this fence. First statement of every transaction that writes for a lease.
create function converged.assert_lease(job bigint, held_fence bigint) returns void
    language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
begin
    perform 1 from converged.jobs
    where id = assert_lease.job and fence = held_fence and state = 'running'
    for update;
    if not found then
        raise exception 'lease of job % under fence % is lost', assert_lease.job, held_fence using errcode = 'CV001';
    end if;
end
$$;

grant select, insert, update, delete on converged.workers, converged.jobs, converged.wakes, converged.dead_jobs,
    converged.cancellations to converged_daemon;
grant select, insert on converged.job_history, converged.job_errors to converged_daemon;
grant select on converged.pauses to converged_daemon;
grant usage on sequence converged.fences to converged_daemon;
grant select on converged.workers, converged.jobs, converged.wakes, converged.cancellations, converged.pauses,
    converged.job_history, converged.job_errors, converged.dead_jobs to converged_operator;
grant update (draining) on converged.workers to converged_operator;
