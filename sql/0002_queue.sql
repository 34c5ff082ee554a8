-- The job queue: one hot, thin table of work that waits, is due or runs, and records beside it.
--
-- Who writes: the web app and operators enqueue, wake, pause and cancel through functions; the daemon does the rest.
-- Life of a job: (waiting ->) ready -> running (leased by a worker under a fence) -> ready again, or gone into
-- job_history or dead_jobs.
--
-- Nobody but the daemon locks a row of `jobs` that runs: an operator's or web app's open transaction holds up no worker.

create type converged.job_state as enum ('waiting', 'ready', 'running');  -- waiting: for other jobs (job_needs)

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

-- Queues group kinds for limits, pauses and retention. Made by operators; 'default' is always there.
create table converged.queues (
    name         text primary key check (name <> ''),
    comment      text not null default '',
    keep_settled interval not null default '14 days' check (keep_settled >= '0'),  -- history of settled jobs
    keep_failed  interval not null default '14 days' check (keep_failed >= '0'),   -- of blocked, cancelled and dead ones
    keep_dead    interval not null default '90 days' check (keep_dead >= '0')      -- dead letters
);
insert into converged.queues (name) values ('default');

-- What workers say of the kinds that they run, written when they register. A kind without a row was never run yet.
create table converged.kinds (
    name         text primary key,
    queue        text not null,                   -- where its jobs go unless the enqueuer names another
    max_attempts smallint,
    is_secret    boolean not null default false   -- its args are sealed before they come here
);

-- Limits over all daemons together, exact: claims under one limit take turns (advisory locks), and what runs is counted,
-- not kept in a counter. No row, no limit. The operator writes the limits, the daemon tokens, filled_at and is_applied.
create table converged.limits (
    scope           text not null check (scope in ('queue', 'kind')),
    name            text not null,
    max_running     integer check (max_running >= 0),
    max_per_lane    integer check (max_per_lane is null or max_per_lane > 0 and scope = 'kind'),
    rate_per_second double precision check (rate_per_second > 0),
    burst           integer check (burst > 0),
    tokens          double precision not null default 0,  -- of the token bucket, at filled_at; changed once a claim
    filled_at       timestamptz not null default '-infinity',
    is_applied      boolean not null default false,       -- what ran before the limit is counted too
    primary key (scope, name),
    check ((rate_per_second is null) = (burst is null))
) with (fillfactor = 50);

create sequence converged.fences cache 100;

create table converged.jobs (
    id           bigint generated always as identity primary key,
    kind         text not null,
    queue        text not null,
    key          text,                            -- keyed work: one run plus at most one re-run per kind and key
    state        converged.job_state not null default 'ready',
    priority     smallint not null check (priority between 0 and 8),  -- 0 a user's change … 8 a resync
    attempt      smallint not null default 0,     -- failed attempts so far; snoozes do not count
    max_attempts smallint,                        -- null: for ever (reconcilers)
    dirty        boolean not null default false,  -- woken during the run: run once more at once
    urgent       boolean not null default false,  -- a wake since the last lease came from a user's or operator's change
    is_limited   boolean not null default false,  -- runs under a limit that counts it
    run_at       timestamptz not null,            -- not before
    rank         timestamptz not null,            -- run_at + priority × 15 s: the claim order, so that waiting ages a job
    fence        bigint,                          -- of the present lease; compare-and-set by every write of its holder
    worker       bigint,                          -- holder of the present lease
    leased_at    timestamptz,
    woken_at     timestamptz not null,            -- the wake that made it due (pick-up latency)
    created_at   timestamptz not null,
    lane         text,                            -- jobs of a kind that share a lane share its limit max_per_lane
    args         jsonb                            -- never a secret in clear
) with (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);

-- The claim reads rank <= now + 2 min, the most that a priority adds, and run_at <= now: of the jobs that are not due
-- it passes only those of a better priority than 8 that fall due within two minutes.
create index jobs_ready on converged.jobs (queue, kind, rank, run_at) where state = 'ready';
create unique index jobs_key on converged.jobs (kind, key) where key is not null;
create index jobs_limited on converged.jobs (queue, kind, lane) where is_limited;
create index jobs_lanes on converged.jobs (kind, queue, lane, rank) where state = 'ready' and lane is not null;

-- The inbox of wakes. A wake is an insert and never an update of a job: a web app that keeps its transaction open
-- can therefore hold up no worker, and a wake is visible exactly when the row that caused it is.
create table converged.wakes (
    id       bigint generated always as identity,
    kind     text not null,
    key      text not null,
    urgent   boolean not null,
    at       timestamptz not null,
    args     jsonb,                               -- for the job that this wake makes, or whose args it replaces
    replaces boolean not null default false,      -- args and run_at take the place of the job's
    run_at   timestamptz,                         -- not before; null: at once
    primary key (kind, id)                        -- wakes of kinds that no worker knows are in nobody's way
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- Requests to stop a running job; its worker hears of them by a hint, or sees them at its next heartbeat. Beside the job, so that
-- the request locks nothing that the daemon needs. Written by converged.cancel, removed when the run ends.
create table converged.cancellations (
    job      bigint primary key,
    asked_by text not null default session_user,
    asked_at timestamptz not null default converged.now()
);

-- A kind of work that is done at a place is called family@place: `pa@fleet-alpha`.
create function converged.kind_family(kind text) returns text
    language sql immutable parallel safe
    return split_part(kind, '@', 1);

-- Pauses: a queue, a kind, or one key of a kind; what does not apply is ''. Running work ends normally; paused work is
-- neither leased nor lost. A kind without a place is paused everywhere: `pa` holds every pa@…, those to come as well.
create table converged.pauses (
    queue     text not null default '',
    kind      text not null default '',
    key       text not null default '',
    reason    text not null default '',
    paused_by text not null default session_user,
    paused_at timestamptz not null default converged.now(),
    primary key (queue, kind, key),
    check ((queue = '') <> (kind = '') and (key = '' or kind <> ''))
);

-- Jobs that wait for others: one row for each that has not settled yet.
create table converged.job_needs (
    job   bigint not null,
    needs bigint not null,
    primary key (job, needs)
);
create index on converged.job_needs (needs);

-- Step memory of jobs in several steps, and what a running job says of itself. Written under the lease, gone when the job is
-- through: settled, blocked or cancelled. Dead letters keep their steps, so that a redriven job goes on where it was.
create table converged.job_steps (
    job    bigint not null,
    name   text not null,
    output jsonb,
    at     timestamptz not null default converged.now(),
    primary key (job, name)
);
create table converged.job_progress (
    job     bigint primary key,
    done    double precision check (done between 0 and 1),
    message text not null default '',
    at      timestamptz not null default converged.now()
) with (fillfactor = 50);

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
-- Ids come nearly in order, so block ranges find a job at next to no cost for those who write.
create index on converged.job_history using brin (job) with (pages_per_range = 32, autosummarize = on);
create index on converged.job_history (kind, key, finished_at) where key is not null;

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
    lane       text,
    args       jsonb,
    created_at timestamptz not null,
    died_at    timestamptz not null
);

-- Days that job_history is kept: as long as any queue wants it, at least retention_days.
create function converged.history_days() returns integer
    language sql stable
as $$
    select greatest(
        (select retention_days from converged.partitioned where parent = 'job_history'),
        (select ceil(extract(epoch from max(greatest(keep_settled, keep_failed))) / 86400)::integer from converged.queues))
$$;

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
    converged.cancellations, converged.job_needs, converged.job_steps, converged.job_progress to converged_daemon;
grant select, insert, update on converged.kinds to converged_daemon;
grant select, update (tokens, filled_at, is_applied) on converged.limits to converged_daemon;
grant select, insert, delete on converged.job_history to converged_daemon;
grant select, insert on converged.job_errors to converged_daemon;
grant select on converged.pauses to converged_daemon;
grant select, insert on converged.queues to converged_daemon;
grant usage on sequence converged.fences to converged_daemon;
grant select on converged.workers, converged.jobs, converged.wakes, converged.cancellations, converged.pauses,
    converged.queues, converged.kinds, converged.limits, converged.job_needs, converged.job_steps, converged.job_progress,
    converged.job_history, converged.job_errors, converged.dead_jobs to converged_operator;
grant update (draining) on converged.workers to converged_operator;
grant insert, update, delete on converged.queues to converged_operator;
grant insert (scope, name, max_running, max_per_lane, rate_per_second, burst),
    update (max_running, max_per_lane, rate_per_second, burst, is_applied), delete on converged.limits to converged_operator;
