-- All objects under one roof, for people who know a name but no id: what `converged why`, `plan`, `pause` and `reconcile` go
-- by. `names`: all that a person may call it, in small letters; `job_kind`: kind of the job that works
-- on it, by the same key.

create view converged.objects as
    select 'machine'::text as kind, m.id::text as key, m.fly_machine_name as name,
        array_remove(array[lower(m.fly_app), lower(m.fly_machine_name), u.short_id, lower(u.email)], null) as names,
        u.short_id, u.email, null::text as team, null::text as droplet,
        'machine'::text as job_kind, m.status, m.generation, m.observed_generation
    from converged.machines m join converged.users u on u.id = m.user_id
    union all
    select 'pa', p.id::text, p.name, array[p.name, 'pa-' || p.name, p.name || '.' || d.domain], null, null, p.team, p.droplet,
        converged.kind_at('pa', p.droplet), p.status, p.generation, p.observed_generation
    from converged.pas p join converged.droplets d on d.name = p.droplet
    union all
    select 'service', s.id::text, s.name,
        array_remove(array[s.name, s.droplet || '/' || s.name,
            case s.host when '@' then d.domain else s.host || '.' || d.domain end], null),
        null, null, s.team, s.droplet, converged.kind_at('service', s.droplet), s.status, s.generation, s.observed_generation
    from converged.services s join converged.droplets d on d.name = s.droplet
    union all
    select 'droplet', d.name, d.name, array[d.name::text], null, null, null, d.name,
        converged.kind_at('survey', d.name), d.status, d.generation, d.observed_generation
    from converged.droplets d
    union all
    select 'rollout', r.id::text, r.id::text, array[]::text[], null, null, r.team, r.droplet, 'rollout', r.stands, r.generation,
        r.observed_generation
    from converged.rollout_list r;

grant select on converged.objects to converged_daemon, converged_operator;
