-- Back-ups of PAs' data and of services' databases: what is to be dumped, what there is, and what is to be put back.

-- Services with a Postgres in them. No row, no back-up: nothing is guessed from an image's name.
create table converged.dumps (
    -- Written by the operator.
    service  uuid primary key references converged.services on delete cascade,
    database text not null default 'default' check (database ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$'),
    username text not null default 'postgres' check (username ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$')
);

-- One row for each back-up, also of objects that are gone. Open ones are asked for by request_backup or by the schedule; all
-- other columns are written by the daemon, under the lease of backup@<droplet>.
create table converged.backups (
    id           bigint generated always as identity primary key,
    kind         text not null check (kind in ('pa', 'service')),
    key          uuid not null,                     -- of the pa or the service
    name         text not null,                     -- as it was called
    droplet      text not null,
    format       text not null check (format in ('tar', 'pg_dump')),
    state        text not null default 'wanted' check (state in ('wanted', 'running', 'good', 'failed', 'lost')),
    requested_by text not null default session_user,
    requested_at timestamptz not null default converged.now(),
    started_at   timestamptz,
    finished_at  timestamptz,
    file         text,                              -- below backups.directory of the daemon that serves the droplet
    bytes        bigint,
    sha256       text check (sha256 ~ '^[0-9a-f]{64}$'),
    entries      bigint,                            -- members of the archive, or of the dump's table of contents
    error        text,
    constraint a_good_one_is_known check (state <> 'good' or num_nulls(file, bytes, sha256, entries, finished_at) = 0)
);
create index on converged.backups (kind, key, id);
create unique index one_open_backup on converged.backups (kind, key) where state in ('wanted', 'running');

-- Wishes to put a back-up back, and how far that is.
create table converged.restores (
    id           bigint generated always as identity primary key,
    backup       bigint not null references converged.backups on delete cascade,
    kind         text not null check (kind in ('pa', 'service')),
    key          uuid not null,                     -- where it goes: its own object, or another of that kind
    name         text not null,
    droplet      text not null,
    state        text not null default 'wanted' check (state in ('wanted', 'running', 'done', 'failed')),
    step         text not null default 'check',     -- the next one
    ran          boolean,                           -- the container did, before it was stopped
    requested_by text not null default session_user,
    requested_at timestamptz not null default converged.now(),
    finished_at  timestamptz,
    error        text
);
create index on converged.restores (kind, key, id);
create unique index one_open_restore on converged.restores (kind, key) where state in ('wanted', 'running');

-- What can be backed up, and from which container.
create view converged.backup_objects as
    select 'pa'::text as kind, id as key, name::text, droplet::text, 'pa-' || name as container, 'tar'::text as format,
        null::text as database, null::text as username, deleted_at, generation
    from converged.pas
    union all
    select 'service', s.id, s.name, s.droplet, s.name, 'pg_dump', d.database, d.username, s.deleted_at, s.generation
    from converged.services s join converged.dumps d on d.service = s.id;

create function converged.request_backup(kind text, key uuid) returns bigint
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
#variable_conflict use_column
declare
    object converged.backup_objects;
    wish bigint;
begin
    select * into object from converged.backup_objects o where o.kind = request_backup.kind and o.key = request_backup.key;
    if object.key is null or object.deleted_at is not null then
        raise exception 'there is nothing to back up: % %', request_backup.kind, request_backup.key
            using errcode = 'CV404', hint = 'PAs, and services with a row in converged.dumps, that are not being deleted';
    end if;
    insert into converged.backups (kind, key, name, droplet, format)
    values (object.kind, object.key, object.name, object.droplet, object.format)
    on conflict (kind, key) where state in ('wanted', 'running') do nothing
    returning id into wish;
    if wish is null then
        select id into wish from converged.backups b
        where b.kind = object.kind and b.key = object.key and b.state in ('wanted', 'running');
    end if;
    perform converged.wake(converged.kind_at('backup', object.droplet), object.kind || '/' || object.key, true);
    return wish;
end
$$;

create function converged.request_restore(backup bigint, target uuid default null) returns bigint
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
#variable_conflict use_column
declare
    source converged.backups;
    object converged.backup_objects;
    wish bigint;
begin
    select * into source from converged.backups b where b.id = request_restore.backup;
    if source.id is null then
        raise exception 'there is no back-up %', request_restore.backup using errcode = 'CV404';
    end if;
    if source.state <> 'good' then
        raise exception 'back-up % is %, only a good one can be restored', source.id, source.state using errcode = 'CV409';
    end if;
    select * into object from converged.backup_objects o
    where o.kind = source.kind and o.key = coalesce(target, source.key);
    if object.key is null or object.deleted_at is not null then
        raise exception 'there is no % % to restore to', source.kind, coalesce(target, source.key)
            using errcode = 'CV404', hint = 'make its row first, then restore to that by name';
    end if;
    insert into converged.restores (backup, kind, key, name, droplet)
    values (source.id, object.kind, object.key, object.name, object.droplet)
    on conflict (kind, key) where state in ('wanted', 'running') do nothing
    returning id into wish;
    if wish is null then
        raise exception '% % is being restored already', object.kind, object.name using errcode = 'CV409';
    end if;
    perform converged.wake(converged.kind_at('backup', object.droplet), object.kind || '/' || object.key, true);
    return wish;
end
$$;

-- While its data is exchanged nobody else may touch the container: its reconciler's key is paused. Answers whether a run of it is
-- still under way, which ends normally.
create function converged.hold_for_restore(restore bigint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
#variable_conflict use_column
declare
    wish converged.restores;
begin
    select * into strict wish from converged.restores r where r.id = hold_for_restore.restore;
    insert into converged.pauses (kind, key, reason)
    values (converged.kind_at(wish.kind, wish.droplet), wish.key::text, 'restore ' || wish.id)
    on conflict do nothing;
    return exists (
        select from converged.jobs j
        where j.kind = converged.kind_at(wish.kind, wish.droplet) and j.key = wish.key::text and j.state = 'running');
end
$$;

-- An operator's own pause stays.
create function converged.release_restore(restore bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
#variable_conflict use_column
declare
    wish converged.restores;
begin
    select * into strict wish from converged.restores r where r.id = release_restore.restore;
    delete from converged.pauses p
    where p.kind = converged.kind_at(wish.kind, wish.droplet) and p.key = wish.key::text and p.reason = 'restore ' || wish.id;
    perform converged.wake(converged.kind_at(wish.kind, wish.droplet), wish.key::text, true);
end
$$;

-- The job of an object begins with its row. It asks the rows itself what is due, so a wake too many costs nothing.
create function converged.wake_backup() returns trigger
    language plpgsql security definer set search_path = pg_catalog, converged
as $$
declare
    place text;
begin
    if tg_table_name = 'pas' then
        perform converged.wake(converged.kind_at('backup', new.droplet), 'pa/' || new.id, false);
    else
        select droplet into place from converged.services where id = new.service;
        perform converged.wake(converged.kind_at('backup', place), 'service/' || new.service, false);
    end if;
    return null;
end
$$;
create trigger wake_backup after insert on converged.pas for each row execute function converged.wake_backup();
create trigger wake_backup after insert or update on converged.dumps for each row execute function converged.wake_backup();
select converged.wake(converged.kind_at('backup', droplet), kind || '/' || key, false) from converged.backup_objects;

grant select, insert, update, delete on converged.dumps to converged_operator;
grant select on converged.dumps, converged.backup_objects to converged_daemon;
grant select on converged.backups, converged.restores, converged.backup_objects to converged_operator;
grant select, insert, update, delete on converged.backups, converged.restores to converged_daemon;
call converged.hand_out('converged.request_backup(text, uuid), converged.request_restore(bigint, uuid)', 'converged_operator');
call converged.hand_out('converged.hold_for_restore(bigint), converged.release_restore(bigint)', 'converged_daemon');
