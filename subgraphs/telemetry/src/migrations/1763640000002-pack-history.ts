import { grantTable, roleName } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWNER = 'telemetry';

// Days that are long past are packed: one row per series and hour, its readings in arrays. A seventh of the space, and an
// hour is one row to find. Offsets are microseconds from the middle of the hour, so that they fit four bytes.
const TABLES = `
create table telemetry.reading_chunk (
  series_id int8 not null,
  bucket timestamptz not null,
  at int4[] not null,
  value float8[] not null,
  received_after float4[] not null,
  -- Null: none is set.
  flags int2[],
  text text[],
  constraint reading_chunk_pkey primary key (series_id, bucket)
) partition by range (bucket);

-- Readings of packed days that came since; merged into their chunks from time to time.
create table telemetry.reading_late (
  series_id int8 not null,
  recorded_at timestamptz not null,
  value float8,
  received_after float4 not null,
  flags int2 not null,
  text text,
  constraint reading_late_pkey primary key (series_id, recorded_at)
) with (autovacuum_vacuum_scale_factor = 0.1);

-- One row. Readings recorded before it go to reading_late. A batch with old readings holds the row FOR SHARE, whoever moves
-- readings FOR UPDATE: so no reading is looked for where it no longer, or not yet, is.
create table telemetry.pack_mark (
  only_row bool primary key default true check (only_row),
  packed_to timestamptz not null
);
insert into telemetry.pack_mark (packed_to) values ('-infinity');

create view telemetry.organization_reading_chunk with (security_barrier) as
  select c.* from telemetry.series s join telemetry.reading_chunk c using (series_id);
create view telemetry.organization_reading_late with (security_barrier) as
  select l.* from telemetry.series s join telemetry.reading_late l using (series_id);

create or replace function telemetry.partition_unit(parent text) returns text language sql immutable
return case parent when 'reading' then 'day' when 'reading_chunk' then 'day' when 'rollup_minute' then 'month' when 'rollup_hour' then 'year' end;
`;

// Plain SQL without settings: the planner inlines it, so that partitions are pruned as if it stood in the statement.
const READ = `
create function telemetry.readings_between(series int8, from_at timestamptz, to_at timestamptz)
returns table (recorded_at timestamptz, value float8, received_after float4, flags int2, text text) language sql stable as $$
  select r.recorded_at, r.value, r.received_after, r.flags, r.text from telemetry.organization_reading r
  where r.series_id = series and r.recorded_at >= from_at and r.recorded_at < to_at
  union all
  select l.recorded_at, l.value, l.received_after, l.flags, l.text from telemetry.organization_reading_late l
  where l.series_id = series and l.recorded_at >= from_at and l.recorded_at < to_at
  union all
  select p.recorded_at, p.value, p.received_after, p.flags, p.text
  from telemetry.organization_reading_chunk c
  cross join lateral (
    select c.bucket + interval '30 minutes' + u.at * interval '1 microsecond' as recorded_at, u.value, u.received_after,
      coalesce(u.flags, 0::int2) as flags, u.text
    from unnest(c.at, c.value, c.received_after, c.flags, c.text) as u (at, value, received_after, flags, text)) p
  where from_at < to_at and c.series_id = series and c.bucket > from_at - interval '1 hour' and c.bucket < to_at
    and p.recorded_at >= from_at and p.recorded_at < to_at
$$;

-- The newest reading before an instant. Looks back in growing steps: "the first of all that sorts" would sort all.
create function telemetry.reading_before(series int8, before_at timestamptz, not_before timestamptz)
returns table (recorded_at timestamptz, value float8, received_after float4, flags int2, text text) language plpgsql volatile as $$
#variable_conflict use_column
declare
  until_at timestamptz := before_at;
  from_at timestamptz;
  step interval := interval '1 hour';
begin
  while until_at > not_before and step < interval '20000 hours' loop
    from_at := greatest(until_at - step, not_before);
    return query select * from telemetry.readings_between(series, from_at, until_at) order by 1 desc limit 1;
    if found then return; end if;
    until_at := from_at;
    step := step * 8;
  end loop;
end $$;
`;

const columns = (source: string, from: string, to: string) => `
  select date_bin(width, bucket, 'epoch') as b, sum(count)::float8 as n, sum(count * mean) / sum(count) as mean, min(min) as lo, max(max) as hi,
    (array_agg(last order by bucket))[count(*)] as last, min(first_at) as first_at, max(last_at) as last_at
  from telemetry.${source} where series_id = series and bucket >= ${from} and bucket < ${to} group by 1`;

const rawColumns = (from: string, to: string) => `
  select date_bin(width, recorded_at, 'epoch') as b, count(*)::float8 as n, avg(value) as mean, min(value) as lo, max(value) as hi,
    (array_agg(value order by recorded_at))[count(*)] as last, min(recorded_at) as first_at, max(recorded_at) as last_at
  from telemetry.readings_between(series, ${from}, ${to}) where value is not null group by 1`;

// As before, over packed days too. Volatile, so that each statement sees what was committed when it had its locks: packing
// empties a partition in the transaction that fills the chunks.
const READ_SERIES = `
create or replace function telemetry.read_series(series int8, cuts timestamptz[], width interval, max_points int, try_raw boolean,
  gap_after interval, out raw boolean, out had_before boolean, out at timestamptz[], out avg float8[], out min float8[], out max float8[],
  out last float8[], out count float8[], out first_at timestamptz[], out last_at timestamptz[])
language plpgsql volatile set timezone = 'UTC' as $$
#variable_conflict use_column
declare
  begins timestamptz;
  total bigint;
begin
  -- Where no rollup helps, counting is cheaper than summing up.
  if try_raw and cuts[2] = cuts[5] then
    select count(*) into total from telemetry.readings_between(series, cuts[1], cuts[6]) where value is not null;
  end if;
  if total is null or total > max_points then
    select coalesce(array_agg(b order by b), '{}'), coalesce(array_agg(s.mean order by b), '{}'),
      coalesce(array_agg(s.lo order by b), '{}'), coalesce(array_agg(s.hi order by b), '{}'), coalesce(array_agg(s.last order by b), '{}'),
      coalesce(array_agg(s.n order by b), '{}'), coalesce(array_agg(s.first_at order by b), '{}'),
      coalesce(array_agg(s.last_at order by b), '{}')
    into at, avg, min, max, last, count, first_at, last_at
    from (
      select b, sum(p.n) as n, sum(p.n * p.mean) / sum(p.n) as mean, min(p.lo) as lo, max(p.hi) as hi,
        (array_agg(p.last order by p.last_at desc))[1] as last, min(p.first_at) as first_at, max(p.last_at) as last_at
      from (
        ${rawColumns('cuts[1]', 'cuts[2]')}
        union all ${columns('organization_rollup_minute', 'cuts[2]', 'cuts[3]')}
        union all ${columns('organization_rollup_hour', 'cuts[3]', 'cuts[4]')}
        union all ${columns('organization_rollup_minute', 'cuts[4]', 'cuts[5]')}
        union all ${rawColumns('cuts[5]', 'cuts[6]')}
      ) p group by b) s;
    select coalesce(sum(n), 0) into total from unnest(count) as c (n);
  end if;
  raw := try_raw and total <= max_points;
  -- So few readings are given as they are.
  if raw then
    select coalesce(array_agg(r.recorded_at order by r.recorded_at), '{}'), coalesce(array_agg(r.value order by r.recorded_at), '{}')
    into at, avg
    from (select recorded_at, value from telemetry.readings_between(series, cuts[1], cuts[6])
      where value is not null order by recorded_at limit max_points) r;
    first_at := null;
  end if;
  -- A hole at the beginning is one only where there was something before it.
  begins := coalesce(first_at[1], at[1]);
  if begins is null or begins - cuts[1] > gap_after then
    had_before := exists (select from telemetry.organization_rollup_hour where series_id = series and bucket < cuts[1] - interval '1 hour')
      or exists (select from telemetry.readings_between(series, cuts[1] - interval '2 hours', cuts[1]));
  else
    had_before := false;
  end if;
end $$;
`;

const PACK = `
create function telemetry.pack_day(day timestamptz) returns int8
language plpgsql security definer set search_path = telemetry, pg_temp set timezone = 'UTC' as $$
declare
  partition text := to_char(day, '"reading_"YYYYMMDD');
  packed int8;
begin
  if day >= (select packed_to from pack_mark) then raise exception 'readings of % still go to their partition', day; end if;
  perform ensure_partition('reading_chunk', day);
  insert into reading_chunk (series_id, bucket, at, value, received_after, flags, text)
  select series_id, date_bin('1 hour', recorded_at, 'epoch') as bucket,
    array_agg((extract(epoch from recorded_at - date_bin('1 hour', recorded_at, 'epoch') - interval '30 minutes') * 1000000)::int4 order by recorded_at),
    array_agg(value order by recorded_at), array_agg(received_after order by recorded_at),
    case when bool_or(flags <> 0) then array_agg(flags order by recorded_at) end,
    case when bool_or(text is not null) then array_agg(text order by recorded_at) end
  from reading where recorded_at >= day and recorded_at < day + interval '1 day'
  group by 1, 2;
  get diagnostics packed = row_count;
  execute format('truncate telemetry.%I', partition);
  return packed;
end $$;

-- Of days before the mark, oldest first.
create function telemetry.unpacked_days() returns setof timestamptz
language sql stable security definer set search_path = telemetry, pg_temp set timezone = 'UTC' as $$
  select to_timestamp(right(c.relname, 8), 'YYYYMMDD') as day
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  -- As text: the planner may try this on any name in pg_class.
  where i.inhparent = 'telemetry.reading'::regclass and right(c.relname, 8) < (select to_char(packed_to, 'YYYYMMDD') from pack_mark)
  order by 1
$$;

-- Its readings are in chunks: nothing is lost, so this is no matter of retention.
create function telemetry.drop_packed_day(day timestamptz) returns void
language plpgsql security definer set search_path = telemetry, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
  partition text := to_char(day, '"reading_"YYYYMMDD');
  filled bool;
begin
  execute format('select exists (select from telemetry.%I)', partition) into filled;
  if filled or day >= (select packed_to from pack_mark) then raise exception 'partition % is not packed', partition; end if;
  execute format('drop table telemetry.%I', partition);
end $$;
`;

export class PackHistory1763640000002 implements MigrationInterface {
  name = 'PackHistory1763640000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(READ);
    await runner.query(READ_SERIES);
    await runner.query(PACK);
    await grantTable(runner, OWNER, 'reading_chunk', { service: 'select, insert, update' });
    await grantTable(runner, OWNER, 'reading_late', { service: 'select, insert, delete' });
    await grantTable(runner, OWNER, 'pack_mark', { service: 'select, update' });
    for (const view of ['organization_reading_chunk', 'organization_reading_late']) {
      await grantTable(runner, OWNER, view, { api: 'select' });
    }
    const functions = {
      'readings_between(int8, timestamptz, timestamptz)': 'api',
      'reading_before(int8, timestamptz, timestamptz)': 'api',
      'pack_day(timestamptz)': 'service',
      'unpacked_days()': 'service',
      'drop_packed_day(timestamptz)': 'service',
    } as const;
    for (const [signature, role] of Object.entries(functions)) {
      await runner.query(`revoke all on function telemetry.${signature} from public`);
      await runner.query(`grant execute on function telemetry.${signature} to ${roleName(OWNER, role)}`);
    }
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
