-- When a schedule ticks: five fields as cron has them, or `@every 90s`, read on the clocks of a time zone. Functions only; nobody
-- writes anything here. Everybody may ask converged.next_tick(): a web app can show it while a spec is being typed.

-- A spec that was read: the values of each field, ascending.
create type converged.cron as (
    minutes   integer[],
    hours     integer[],
    days      integer[],
    months    integer[],
    weekdays  integer[],                          -- 0 is Sunday
    either    boolean,                            -- days and weekdays are both named: one of them is enough, as in Vixie cron
    floats    boolean                             -- the hours are * or a step of it: real hours, whatever the clocks do
);

-- One field: a list of values, ranges and steps, by number or name. The first of `names` stands for `lowest`.
create function converged.cron_field(title text, field text, lowest integer, highest integer, names text[] default '{}')
    returns integer[] language plpgsql immutable parallel safe set search_path = pg_catalog, converged
as $$
declare
    part text;
    parsed text[];
    low integer;
    high integer;
    step integer;
    found_values integer[] := '{}';
begin
    foreach part in array string_to_array(field, ',') loop
        parsed := regexp_match(lower(part), '^(?:(\*)|([0-9]{1,4}|[a-z]{3})(?:(-)([0-9]{1,4}|[a-z]{3}))?)(?:/([0-9]{1,4}))?$');
        if parsed is null then
            raise exception 'the % field "%" cannot be read at "%"', title, field, part using errcode = '22023', hint =
                'a field is *, a value, a range 1-5, a step */15 or 10-50/20, or a list of those: 0,30';
        end if;
        step := coalesce(parsed[5]::integer, 1);
        if parsed[1] is null and parsed[3] is null and parsed[5] is not null then
            raise exception 'the % field "%": a step needs a range before it', title, field using errcode = '22023',
                hint = format('write */%s, or %s-%s/%s', step, parsed[2], highest, step);
        end if;
        low := case when parsed[1] is not null then lowest when parsed[2] ~ '^[0-9]' then parsed[2]::integer
            else array_position(names, parsed[2]) - 1 + lowest end;
        high := case when parsed[1] is not null then case when title = 'weekday' then 6 else highest end
            when parsed[3] is null then low when parsed[4] ~ '^[0-9]' then parsed[4]::integer
            else array_position(names, parsed[4]) - 1 + lowest end;
        if title = 'weekday' and high = 0 and low > 0 then
            high := 7;                            -- fri-sun
        end if;
        if low is null or high is null then
            raise exception 'the % field "%" has a name that is not known', title, field using errcode = '22023', hint =
                case when cardinality(names) = 0 then 'this field has numbers only'
                    else 'names are ' || array_to_string(names, ', ') end;
        elsif low < lowest or low > highest or high < lowest or high > highest then
            raise exception 'the % field "%" is out of range', title, field using errcode = '22023',
                hint = format('a %s is %s to %s', title, lowest, highest);
        elsif high < low then
            raise exception 'the % field "%" has a range that ends before it begins', title, field using errcode = '22023',
                hint = format('write it as two: %s-%s,%s-%s', low, highest, lowest, high);
        elsif step = 0 or step > highest - lowest then
            raise exception 'the % field "%": a step of % does not fit in a field from % to %', title, field, step, lowest,
                highest using errcode = '22023', hint = 'a step counts within its field; @every 90m counts on and on';
        end if;
        found_values := found_values || array(select case when title = 'weekday' then n % 7 else n end
            from generate_series(low, high, step) n);
    end loop;
    return array(select distinct n from unnest(found_values) n order by n);
end
$$;

-- The span of `@every 1h30m`; null for other specs. A day is 24 hours, whatever the clocks do.
create function converged.cron_every(spec text) returns interval
    language plpgsql immutable parallel safe set search_path = pg_catalog, converged
as $$
declare
    seconds numeric;
begin
    if lower(spec) !~ '^\s*@every\M' then
        return null;
    end if;
    if lower(spec) !~ '^\s*@every\s+([0-9]{1,8}[smhd])+\s*$' then
        raise exception '"%" cannot be read', spec using errcode = '22023',
            hint = 'write @every 90s, 5m, 2h, 1d or a sum such as 1h30m';
    end if;
    select sum(part[1]::numeric * case part[2] when 's' then 1 when 'm' then 60 when 'h' then 3600 else 86400 end)
    into seconds from regexp_matches(substring(lower(spec) from '@every\s+(.*)'), '([0-9]+)([smhd])', 'g') part;
    if seconds < 1 or seconds > 366 * 86400 then
        raise exception '"%" is not between a second and 366 days', spec using errcode = '22023',
            hint = 'what shall never run is paused: is_paused';
    end if;
    return make_interval(secs => seconds::double precision);
end
$$;

create function converged.parse_cron(spec text) returns converged.cron
    language plpgsql immutable parallel safe set search_path = pg_catalog, converged
as $$
declare
    text_of text := lower(trim(regexp_replace(spec, '\s+', ' ', 'g')));
    fields text[];
    parsed converged.cron;
begin
    text_of := case text_of
        when '@hourly' then '0 * * * *' when '@daily' then '0 0 * * *' when '@midnight' then '0 0 * * *'
        when '@weekly' then '0 0 * * 0' when '@monthly' then '0 0 1 * *' when '@yearly' then '0 0 1 1 *'
        when '@annually' then '0 0 1 1 *' else text_of end;
    fields := string_to_array(text_of, ' ');
    if length(spec) > 1000 then
        raise exception 'a spec of % characters is too long', length(spec) using errcode = '22023',
            hint = 'ranges and steps say more in less: 0-59/2';
    elsif cardinality(fields) is distinct from 5 then
        raise exception 'the spec "%" cannot be read', spec using errcode = '22023', hint =
            'it has five fields, minute hour day month weekday ("30 4 * * mon-fri"), or is @every 90s, @hourly, @daily, '
            '@weekly, @monthly or @yearly';
    end if;
    parsed.minutes := converged.cron_field('minute', fields[1], 0, 59);
    parsed.hours := converged.cron_field('hour', fields[2], 0, 23);
    parsed.days := converged.cron_field('day', fields[3], 1, 31);
    parsed.months := converged.cron_field('month', fields[4], 1, 12,
        '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
    parsed.weekdays := converged.cron_field('weekday', fields[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat}');
    parsed.either := fields[3] not like '*%' and fields[5] not like '*%';
    parsed.floats := fields[2] like '*%';
    return parsed;
end
$$;

-- The first reading of a clock, from `start` on, that the spec names; null when there is none within 41 years, in which
-- every date meets every weekday.
create function converged.next_reading(spec converged.cron, start timestamp) returns timestamp
    language plpgsql immutable parallel safe set search_path = pg_catalog, converged
as $$
declare
    first timestamp := date_trunc('minute', start + interval '59.999999 seconds');
    day date := first::date;
    last date := day + 41 * 366;
    in_days boolean;
    in_weekdays boolean;
    minute integer;
    hour integer;
begin
    while day <= last loop
        if extract(month from day) <> all (spec.months) then
            day := date_trunc('month', day::timestamp) + interval '1 month';
            continue;
        end if;
        in_days := extract(day from day) = any (spec.days);
        in_weekdays := extract(dow from day) = any (spec.weekdays);
        if (in_days and in_weekdays) or (spec.either and (in_days or in_weekdays)) then
            if day > first::date then
                return day + make_interval(hours => spec.hours[1], mins => spec.minutes[1]);
            end if;
            foreach hour in array spec.hours loop
                foreach minute in array spec.minutes loop
                    if day + make_interval(hours => hour, mins => minute) >= first then
                        return day + make_interval(hours => hour, mins => minute);
                    end if;
                    exit when hour < extract(hour from first);
                end loop;
            end loop;
        end if;
        day := day + 1;
    end loop;
    return null;
end
$$;

-- How far the zone's clocks are ahead of UTC, at an instant that is given in UTC.
create function converged.zone_offset(zone text, instant timestamp) returns interval
    language sql stable parallel safe
    return (instant at time zone 'UTC' at time zone zone) - instant;

-- The first tick after an instant; null when there is none. As Vixie cron with clocks that change: a time that is left out
-- counts at the moment when the clocks jump, a time that comes twice counts the first time; but where the hours are * or */n,
-- every real minute counts whose reading fits.
--
-- It looks at a day at a time, cut in two where the clocks change in it: on each side readings and instants run alike.
create function converged.next_tick(spec text, zone text, after timestamptz) returns timestamptz
    language plpgsql stable parallel safe set search_path = pg_catalog, converged
as $$
declare
    every interval := converged.cron_every(spec);
    parsed converged.cron;
    done timestamp := after at time zone 'UTC';   -- no tick up to here
    starts timestamp;
    ends timestamp;
    turn timestamp;                               -- the clocks change here, from `old` to `new`
    middle timestamp;
    old interval;
    new interval;
    reading timestamp;
begin
    if every is not null then
        return after + every;
    end if;
    parsed := converged.parse_cron(spec);
    loop
        -- A day back, too: what was read on the clocks before they were put back must not count again.
        starts := date_trunc('second', done) - interval '24 hours';
        ends := date_trunc('second', done) + interval '24 hours';
        old := converged.zone_offset(zone, starts);
        new := converged.zone_offset(zone, ends);
        turn := ends;
        if old <> new then
            while turn - starts > interval '1 second' loop
                middle := date_trunc('second', starts + (turn - starts) / 2);
                if converged.zone_offset(zone, middle) = old then
                    starts := middle;
                else
                    turn := middle;
                end if;
            end loop;
            reading := converged.next_reading(parsed, done + old + interval '1 microsecond');
            if reading < turn + old then
                return (reading - old) at time zone 'UTC';
            end if;
            if new > old and not parsed.floats and turn > done
                and converged.next_reading(parsed, turn + old) < turn + new then
                return turn at time zone 'UTC';
            end if;
        end if;
        reading := converged.next_reading(parsed, greatest(done + new + interval '1 microsecond',
            case when old = new then null when parsed.floats then turn + new else turn + greatest(old, new) end));
        if reading is null then
            return null;
        elsif reading <= ends + new then
            return (reading - new) at time zone 'UTC';
        end if;
        -- No clock was ever changed by more than a day.
        done := greatest(ends, reading - new - interval '48 hours');
    end loop;
end
$$;
comment on function converged.next_tick(text, text, timestamptz) is
    'The next tick: select converged.next_tick(''30 4 * * mon-fri'', ''Europe/Berlin'', now())';
