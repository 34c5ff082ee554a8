-- What daemons need to know of the droplets they serve.

-- Which droplets there are, and where: daemons take new ones up without a restart. A hint, as every NOTIFY.
create function converged.tell_droplets() returns trigger
    language plpgsql set search_path = pg_catalog, converged
as $$
begin
    if tg_op <> 'UPDATE' or new.generation <> old.generation then
        perform pg_notify('converged_droplets', '');
    end if;
    return null;
end
$$;
create trigger tell_droplets after insert or update or delete on converged.droplets
    for each row execute function converged.tell_droplets();

-- The daemon stores the identity at first sight. An operator sets it to null after the host was replaced: the next engine
-- that answers is believed to be the droplet's.
grant update (engine_id) on converged.droplets to converged_daemon, converged_operator;
