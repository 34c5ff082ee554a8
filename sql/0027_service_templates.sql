-- Rows of services that every team or droplet has alike. The operator calls these and changes the rows afterwards as any other.

-- A team's CRM on a droplet: database, Redis, server and worker in a network of their own. Secrets are lines of the env_file on the
-- droplet: PG_DATABASE_PASSWORD (without characters that mean something in a URL), APP_SECRET or ENCRYPTION_KEY, EMAIL_*.
create function converged.add_twenty(
    team text, droplet text, image text default 'twentycrm/twenty:v2.38.1', port integer default 3100,
    env_file text default '/opt/twenty/.env'
) returns setof text
    language plpgsql set search_path = pg_catalog, converged
as $$
#variable_conflict use_variable
declare
    main text := 'twenty-' || team;
    env jsonb;
begin
    if not exists (select from converged.teams t where t.name = team) then
        raise exception 'there is no team %', team
            using errcode = 'foreign_key_violation', hint = 'insert it into converged.teams first';
    end if;
    select jsonb_build_object(
            'PG_DATABASE_URL', 'postgres://postgres:${PG_DATABASE_PASSWORD}@db:5432/default', 'REDIS_URL', 'redis://redis:6379',
            'SERVER_URL', format('https://crm-%s.%s', team, d.domain), 'STORAGE_TYPE', 'local', 'NODE_PORT', '3000')
        || (select jsonb_object_agg(name, format('${%s:-}', name)) from unnest(array[
            'APP_SECRET', 'ENCRYPTION_KEY', 'EMAIL_DRIVER', 'EMAIL_FROM_ADDRESS', 'EMAIL_FROM_NAME', 'EMAIL_SYSTEM_ADDRESS',
            'EMAIL_SMTP_HOST', 'EMAIL_SMTP_PORT', 'EMAIL_SMTP_USER', 'EMAIL_SMTP_PASSWORD']) name)
    into env from converged.droplets d where d.name = droplet;
    if env is null then
        raise exception 'there is no droplet %', droplet using errcode = 'foreign_key_violation';
    end if;
    return query
    insert into converged.services (name, droplet, team, image, command, env, env_file, network, alias, mounts, port, container_port,
        health_command, needs, host)
    values
        (main || '-db', droplet, team, 'postgres:16', null,
            '{"POSTGRES_USER": "postgres", "POSTGRES_DB": "default", "POSTGRES_PASSWORD": "${PG_DATABASE_PASSWORD}"}', env_file,
            main, 'db', array[main || '-db:/var/lib/postgresql/data'], null, null,
            '{pg_isready,-U,postgres,-h,localhost,-d,postgres}', '{}', null),
        (main || '-redis', droplet, team, 'redis:7', '{redis-server,--maxmemory-policy,noeviction}', '{}', null,
            main, 'redis', array[main || '-redis:/data'], null, null, '{redis-cli,ping}', '{}', null),
        (main, droplet, team, image, null, env, env_file,
            main, 'server', array[main || '-storage:/app/packages/twenty-server/.local-storage'], port, 3000,
            '{curl,--fail,--silent,http://localhost:3000/healthz}', array[main || '-db', main || '-redis'], 'crm-' || team),
        (main || '-worker', droplet, team, image, '{yarn,worker:prod}',
            env || '{"DISABLE_DB_MIGRATIONS": "true", "DISABLE_CRON_JOBS_REGISTRATION": "true"}', env_file,
            main, 'worker', array[main || '-storage:/app/packages/twenty-server/.local-storage'], null, null, null, array[main], null)
    returning name::text;
    -- Its database is backed up from the first night on.
    insert into converged.dumps (service)
    select s.id from converged.services s where s.name = main || '-db' and s.team = add_twenty.team;
end
$$;

-- The droplet's tez-mcp, for its PAs alone. `env` may name lines of the env_file, which holds the droplet's relay secrets.
create function converged.add_tez_mcp(
    droplet text, image text, env jsonb default '{}', env_file text default '/opt/tez-mcp/.env'
) returns text
    language sql set search_path = pg_catalog, converged
begin atomic
    insert into converged.services (name, droplet, image, env, env_file, address, port, container_port)
    values ('tez-mcp', droplet, image, env, env_file, '127.0.0.1', 8100, 8100)
    returning name::text;
end;

call converged.hand_out(
    'converged.add_twenty(text, text, text, integer, text), converged.add_tez_mcp(text, text, jsonb, text)', 'converged_operator');
