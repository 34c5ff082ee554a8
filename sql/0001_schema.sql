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

-- For migrations: these functions are for these roles and for nobody else.
create procedure converged.hand_out(functions text, roles text)
    language plpgsql
as $$
begin
    execute format('revoke all on function %s from public', functions);
    execute format('grant execute on function %s to %s', functions, roles);
end
$$;

-- For migrations: all columns but one, written out because Postgres has no "all columns except".
create procedure converged.grant_select_but(hidden name, relation regclass, roles text)
    language plpgsql
as $$
declare
    readable text;
begin
    select string_agg(quote_ident(attname), ', ' order by attnum) into readable
    from pg_attribute
    where attrelid = relation and attnum > 0 and not attisdropped and attname <> hidden;
    execute format('grant select (%s) on %s to %s', readable, relation, roles);
end
$$;
revoke all on procedure converged.hand_out(text, text), converged.grant_select_but(name, regclass, text) from public;

-- All leases, schedules, quotas and time-outs are judged by database time. Tests move it; production leaves it at 0.
create table converged.clock (
    singleton boolean primary key default true check (singleton),
    shift     interval not null default '0'     -- written by the owner only
);
insert into converged.clock default values;
grant select on converged.clock to converged_web, converged_daemon, converged_operator;

-- In plpgsql because that keeps its plan: a function in SQL is planned anew by every caller's statement.
create function converged.now() returns timestamptz
    language plpgsql stable parallel safe
as $$
begin
    return statement_timestamp() + (select shift from converged.clock);
end
$$;
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

--
-- Nobody waits for it: `create table … partition of` takes the parent for itself alone, and while it waits for a long
-- reader, all writers wait behind it. So a partition is made on its own and then attached, which writers do not notice, and
-- no lock is waited for longer than a moment: what is not had now is tried again by the next upkeep, an hour later.
create function converged.keep_partitions() returns integer
    language plpgsql security definer set search_path = pg_catalog, converged set lock_timeout = '100ms'
as $$
declare
    today date := (converged.now() at time zone 'UTC')::date;
    entry record;
    part record;
    day date;
    name text;
    done integer;
    changed integer := 0;
begin
    if not pg_try_advisory_xact_lock(hashtext('converged.keep_partitions')) then
        return 0;  -- somebody else is at it
    end if;
    for entry in select * from converged.partitioned loop
        for day in select today + offset_days from generate_series(0, 7) as offset_days loop
            name := entry.parent || to_char(day, '_YYYYMMDD');
            continue when to_regclass(format('converged.%I', name)) is not null;
            begin
                execute format(
                    'create table converged.%I (like converged.%I including all excluding identity)', name, entry.parent);
                execute format(
                    'alter table converged.%I attach partition converged.%I for values from (%L) to (%L)',
                    entry.parent, name,
                    to_char(day, 'YYYY-MM-DD') || ' 00:00+00', to_char(day + 1, 'YYYY-MM-DD') || ' 00:00+00');
                changed := changed + 1;
            exception
                when check_violation then null;  -- the default partition already holds rows of that day
                when lock_not_available then exit;  -- somebody reads the default partition
            end;
        end loop;
        begin
            done := 0;
            for part in
                select child.relname as name, to_date(right(child.relname, 8), 'YYYYMMDD') as day
                from pg_inherits
                    join pg_class child on child.oid = inhrelid
                where inhparent = format('converged.%I', entry.parent)::regclass
                    and child.relname ~ '_[0-9]{8}$'
            loop
                if part.day < today - (case entry.parent
                    when 'job_history' then converged.history_days() else entry.retention_days end) then
                    execute format('drop table converged.%I', part.name);
                    done := done + 1;
                end if;
            end loop;
            changed := changed + done;
        exception
            when lock_not_available then null;  -- somebody reads: they go later
        end;
    end loop;
    return changed;
end
$$;
revoke all on function converged.keep_partitions() from public;
grant execute on function converged.keep_partitions() to converged_daemon, converged_operator;
