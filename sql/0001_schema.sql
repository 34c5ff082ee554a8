-- Roles, time and small tools that every later migration uses.
-- The schema `converged` itself is made by `converged migrate`, which must run as a role that may create roles.

-- Three group roles without log-in. Give people and programs their own log-in and make it a member:
--   create role web_app login in role converged_web;
do $$
declare
    wanted text;
begin
    foreach wanted in array array['converged_web', 'converged_daemon', 'converged_operator'] loop
        begin
            execute format('create role %I nologin', wanted);
        exception
            when duplicate_object or unique_violation then null;  -- roles belong to the whole cluster
        end;
    end loop;
end
$$;

grant usage on schema converged to converged_web, converged_daemon, converged_operator;

-- All leases, schedules, quotas and time-outs are judged by database time. Tests move it; production leaves it at 0.
create table converged.clock (
    singleton boolean primary key default true check (singleton),
    shift     interval not null default '0'     -- written by the owner only
);
insert into converged.clock default values;
grant select on converged.clock to converged_web, converged_daemon, converged_operator;

create function converged.now() returns timestamptz
    language sql stable parallel safe
    as $$ select statement_timestamp() + shift from converged.clock $$;
comment on function converged.now() is 'Database time as converged sees it: the statement''s time plus converged.clock.shift';

-- RFC 7396 merge patch: `patch` wins, objects merge deeply, null removes.
create function converged.merge(target jsonb, patch jsonb) returns jsonb
    language plpgsql immutable parallel safe
as $$
declare
    result jsonb;
    name text;
    value jsonb;
begin
    if patch is null then
        return target;
    end if;
    if jsonb_typeof(patch) <> 'object' then
        return patch;
    end if;
    result := case when jsonb_typeof(target) = 'object' then target else '{}'::jsonb end;
    for name, value in select * from jsonb_each(patch) loop
        if jsonb_typeof(value) = 'null' then
            result := result - name;
        else
            result := jsonb_set(result, array[name], converged.merge(result -> name, value), true);
        end if;
    end loop;
    return result;
end
$$;

-- Daily partitions: made ahead, dropped after their retention by converged.keep_partitions(), which the daemon's
-- `upkeep` job calls. A default partition keeps inserts safe when upkeep was late.
create table converged.partitioned (
    parent         text primary key,            -- table name in schema converged, partitioned by range of a timestamptz
    retention_days integer not null check (retention_days between 1 and 3650)  -- the operator may change it
);
grant select, update on converged.partitioned to converged_operator;
grant select on converged.partitioned to converged_daemon;

create function converged.keep_partitions() returns integer
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
declare
    today date := (converged.now() at time zone 'UTC')::date;
    entry record;
    part record;
    day date;
    changed integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('converged.keep_partitions'));
    for entry in select * from converged.partitioned loop
        for day in select today + offset_days from generate_series(0, 7) as offset_days loop
            if to_regclass(format('converged.%I', entry.parent || to_char(day, '_YYYYMMDD'))) is null then
                begin
                    execute format(
                        'create table converged.%I partition of converged.%I for values from (%L) to (%L)',
                        entry.parent || to_char(day, '_YYYYMMDD'), entry.parent,
                        to_char(day, 'YYYY-MM-DD') || ' 00:00+00', to_char(day + 1, 'YYYY-MM-DD') || ' 00:00+00');
                    changed := changed + 1;
                exception
                    when check_violation then null;  -- the default partition already holds rows of that day
                end;
            end if;
        end loop;
        for part in
            select child.relname as name, to_date(right(child.relname, 8), 'YYYYMMDD') as day
            from pg_inherits
                join pg_class child on child.oid = inhrelid
            where inhparent = format('converged.%I', entry.parent)::regclass
                and child.relname ~ '_[0-9]{8}$'
        loop
            if part.day < today - entry.retention_days then
                execute format('drop table converged.%I', part.name);
                changed := changed + 1;
            end if;
        end loop;
    end loop;
    return changed;
end
$$;
revoke all on function converged.keep_partitions() from public;
grant execute on function converged.keep_partitions() to converged_daemon, converged_operator;
