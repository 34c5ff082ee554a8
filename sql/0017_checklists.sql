-- What a container is owed after each recreate, because its layer forgot it. Definitions are rows that the operator edits;
-- a changed step has another input hash and is owed anew. A step is check, act, check: what is met already is not done again.

create table converged.checklists (
    -- Written by the operator.
    name           converged.label primary key,
    image_patterns text[] not null                    -- * is any run of characters; {} switches it off
        check (cardinality(image_patterns) <= 50 and array_position(image_patterns, null) is null
            and array_to_string(image_patterns, '') !~ '\s'),
    comment        text not null default '' check (length(comment) <= 500)
);

-- Texts know {name}, {team}, {droplet} and {port} of the PA. No secrets: commands show in Docker's events.
create table converged.checklist_steps (
    -- Written by the operator.
    checklist     converged.label not null references converged.checklists on update cascade on delete cascade,
    name          converged.label not null,
    place         integer not null,                   -- their order; gaps are welcome
    kind          text not null check (kind in ('exec', 'file', 'http')),
    argv          text[],                             -- exec: a program and its arguments, never a shell's line
    check_argv    text[],                             -- exec: ends with 0 when nothing is owed; without one the run itself is the proof
    run_as        text,                               -- exec, its check too: user; null: root
    path          text,                               -- file: where it goes; http: what is asked on the PA's own port
    content       text,                               -- file: all of it; http: the JSON that is sent, null: none
    owner_uid     integer,                            -- file, like the next two
    owner_gid     integer,
    mode          text,                               -- octal, four digits
    http_status   integer,                            -- http: the answer that is good
    method        text check (method in ('GET', 'POST')),   -- http; null: GET
    with_token    boolean not null default false,     -- http: the gateway's token goes along
    timeout_s     integer not null default 60 check (timeout_s between 1 and 3600),   -- of one attempt
    retries       integer not null default 2 check (retries between 0 and 100),
    retry_after_s integer not null default 5 check (retry_after_s between 0 and 600),
    primary key (checklist, name),
    unique (checklist, place) deferrable,
    -- Each kind has its own columns and no others.
    constraint columns_of_its_kind check (case kind
        when 'exec' then coalesce(cardinality(argv), 0) between 1 and 100 and array_position(argv, null) is null and argv[1] <> ''
            and (check_argv is null or cardinality(check_argv) between 1 and 100 and array_position(check_argv, null) is null
                and check_argv[1] <> '')
            and num_nonnulls(path, content, owner_uid, owner_gid, mode, http_status, method) = 0 and not with_token
        when 'file' then num_nulls(path, content, owner_uid, owner_gid, mode) = 0
            and path ~ '^/[^[:cntrl:]]+[^/]$' and path !~ '(^|/)\.\.?(/|$)' and path !~ '//' and length(content) <= 65536
            and owner_uid >= 0 and owner_gid >= 0 and mode ~ '^0[0-7]{3}$'
            and num_nonnulls(argv, check_argv, run_as, http_status, method) = 0 and not with_token
        else num_nulls(path, http_status) = 0 and path ~ '^/[^[:space:]]*$' and http_status between 100 and 599
            and (content is null or coalesce(method, 'GET') = 'POST' and length(content) <= 65536)
            and num_nonnulls(argv, check_argv, run_as, owner_uid, owner_gid, mode) = 0
    end)
);

-- One row for each container and step. A new container owes everything again; the rows of an old one go with its removal.
create table converged.checklist_runs (
    -- Written by the daemon only.
    container_id text not null check (container_id ~ '^[0-9a-f]{64}$'),
    step         text not null,
    pa           uuid not null references converged.pas on delete cascade,
    checklist    text not null,                       -- as it was called then
    input_hash   text not null,                       -- of the step as it was carried out, texts filled in
    state        text not null check (state in ('running', 'done', 'failed')),
    attempts     integer not null default 0 check (attempts >= 0),
    exec_id      text,                                -- exec: stored before it is started; Docker starts an exec only once
    exit_code    integer,                             -- exec: the program's; http: the status
    output_tail  text not null default '' check (length(output_tail) <= 4096),   -- redacted
    fault        text not null default '' check (length(fault) <= 500),          -- why the last attempt came to nothing
    started_at   timestamptz not null default converged.now(),
    attempt_at   timestamptz,                         -- when the last attempt began
    next_at      timestamptz,                         -- no attempt before
    checked_at   timestamptz,                         -- when it was last seen to be met
    finished_at  timestamptz,
    primary key (container_id, step)
) with (fillfactor = 70);
create index on converged.checklist_runs (pa);

-- The checklist of an image: the one whose pattern says most, which is the one with most characters that are no *; among equals
-- the one with fewest *, then the first by name. So a checklist for one version goes before one for a series, and that before
-- the one for all. Null when none fits.
create function converged.checklist_for(image text) returns text
    language sql stable set search_path = pg_catalog, converged
as $$
    select c.name
    from converged.checklists c, unnest(c.image_patterns) as pattern
    where checklist_for.image like replace(regexp_replace(pattern, '([\\%_])', '\\\1', 'g'), '*', '%')
    order by length(replace(pattern, '*', '')) desc, length(pattern), c.name
    limit 1
$$;

-- The fleet's standard. Two programs and a file live in the container's layer, then the gateway has to answer.
insert into converged.checklists (name, image_patterns, comment)
values ('openclaw', '{ghcr.io/openclaw/openclaw:*,ghcr.io/openclaw/openclaw@*}', 'the fleet''s standard');

-- Docker cannot end a command once it runs, so the long ones end themselves, a little before their time-out.
insert into converged.checklist_steps (checklist, name, place, kind, argv, check_argv, timeout_s, retries, retry_after_s)
values
    ('openclaw', 'apt-index', 10, 'exec', '{timeout,--kill-after=10,270,apt-get,update}', null, 300, 4, 30),
    ('openclaw', 'chromium', 20, 'exec',
        '{timeout,--kill-after=10,870,env,DEBIAN_FRONTEND=noninteractive,apt-get,install,--yes,--no-install-recommends,chromium}',
        '{chromium,--version}', 900, 4, 30),
    ('openclaw', 'mcporter', 30, 'exec', '{timeout,--kill-after=10,570,npm,install,-g,mcporter}', '{npm,ls,-g,mcporter}', 600, 4, 30);

-- tez-mcp listens on the droplet's port 8100, which a PA on the host's network reaches at localhost; the path is the
-- operator's to correct.
insert into converged.checklist_steps (checklist, name, place, kind, path, content, owner_uid, owner_gid, mode)
values ('openclaw', 'mcporter-config', 40, 'file', '/home/node/.mcporter/mcporter.json',
    E'{"mcpServers": {"tez": {"baseUrl": "http://127.0.0.1:8100/mcp"}}, "imports": []}\n', 1000, 1000, '0600');

insert into converged.checklist_steps (checklist, name, place, kind, path, http_status, timeout_s, retries, retry_after_s)
values ('openclaw', 'gateway', 50, 'http', '/healthz', 200, 5, 60, 2);

-- No gateway has this tool, so that 404 says that the token was taken; 401 that it was not.
insert into converged.checklist_steps
    (checklist, name, place, kind, path, method, content, with_token, http_status, timeout_s, retries, retry_after_s)
values ('openclaw', 'gateway-token', 60, 'http', '/tools/invoke', 'POST', '{"tool":"converged.probe","args":{}}', true, 404, 5, 20, 3);
