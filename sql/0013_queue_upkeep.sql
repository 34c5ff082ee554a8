-- What leaves the records, and the one number about the server that its roles may not read themselves.
--
-- Whole days of history leave with their partition, which costs next to nothing, once no queue keeps them any more. What a
-- queue keeps for less time than another one leaves row by row, in batches: each call is one, and its own transaction.

-- Removes ended jobs that their queue keeps no longer, at most so many; returns how many.
create function converged.trim_history(most integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
    set jit = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    part record;
    removed integer;
    total integer := 0;
    newest timestamptz := (
        select max(now - least(keep_settled, keep_failed)) from converged.queues
        where least(keep_settled, keep_failed) < converged.history_days() * interval '1 day');
begin
    for part in
        select child.relname as name
        from pg_inherits join pg_class child on child.oid = inhrelid
        where inhparent = 'converged.job_history'::regclass
            -- All of a day goes with its partition when all queues keep as long as that; the default partition never goes.
            and case when child.relname ~ '_[0-9]{8}$'
                then to_date(right(child.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC' < newest else true end
        order by child.relname
    loop
        exit when total >= most;
        execute format(
            'delete from converged.%1$I where ctid = any (array(
                select h.ctid from converged.%1$I h join converged.queues q on q.name = h.queue
                where h.finished_at < $1 - case when h.outcome = ''settled'' then q.keep_settled else q.keep_failed end
                limit $2))', part.name)
        using now, most - total;
        get diagnostics removed = row_count;
        total := total + removed;
    end loop;
    return total;
end
$$;

-- Removes dead letters that their queue keeps no longer, at most so many; returns how many. They end as cancelled, and so do
-- the jobs that waited for them: what never settled does not count as done.
create function converged.trim_dead_jobs(most integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, converged, pg_temp
    set jit = off
as $$
#variable_conflict use_column
declare
    now timestamptz := converged.now();
    ids bigint[];
begin
    with removed as (
        delete from converged.dead_jobs
        where ctid = any (array(
            select d.ctid from converged.dead_jobs d left join converged.queues q on q.name = d.queue
            where d.died_at < now - coalesce(q.keep_dead, interval '90 days')
            limit most for update of d skip locked))
        returning *
    ), recorded as (
        insert into converged.job_history (job, kind, queue, key, outcome, message, attempts, created_at, finished_at)
        select id, kind, queue, key, 'cancelled', 'dead since ' || to_char(died_at, 'YYYY-MM-DD') || ', kept no longer',
            attempts, created_at, now
        from removed
    )
    select coalesce(array_agg(id), '{}') into ids from removed;
    perform converged.follow_ends(ids, false);
    return cardinality(ids);
end
$$;

-- Transactions since the oldest snapshot that anybody holds: dead rows younger than it cannot be vacuumed away. Null when the
-- owner of this schema may not see the sessions of others.
create function converged.oldest_snapshot_age() returns bigint
    language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    select case when pg_has_role('pg_read_all_stats', 'usage') then (
        select coalesce(max(held.age), 0)::bigint from (
            select age(backend_xmin) as age from pg_stat_activity where backend_xmin is not null and pid <> pg_backend_pid()
            union all select age(transaction) from pg_prepared_xacts
            union all select age(xmin) from pg_replication_slots where xmin is not null) held) end
$$;

revoke all on function converged.trim_history(integer), converged.trim_dead_jobs(integer), converged.oldest_snapshot_age()
    from public;
grant execute on function converged.trim_history(integer), converged.trim_dead_jobs(integer) to converged_daemon;
grant execute on function converged.oldest_snapshot_age() to converged_daemon, converged_operator;
