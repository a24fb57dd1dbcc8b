import { roleName } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const columns = (source: string, tier: 'raw' | 'rollup', from: string, to: string) => {
  const at = tier === 'raw' ? 'recorded_at' : 'bucket';
  const measures =
    tier === 'raw'
      ? `count(*)::float8 as n, avg(value) as mean, min(value) as lo, max(value) as hi,
         (array_agg(value order by recorded_at))[count(*)] as last, min(recorded_at) as first_at, max(recorded_at) as last_at`
      : `sum(count)::float8 as n, sum(count * mean) / sum(count) as mean, min(min) as lo, max(max) as hi,
         (array_agg(last order by bucket))[count(*)] as last, min(first_at) as first_at, max(last_at) as last_at`;
  return `select date_bin(width, ${at}, 'epoch') as b, ${measures}
    from telemetry.${source} where series_id = series and ${at} >= ${from} and ${at} < ${to}${tier === 'raw' ? ' and value is not null' : ''}
    group by 1`;
};

// The span is cut at `cuts`: raw readings up to a whole minute, minutes up to a whole hour, hours, minutes, raw readings.
// Each piece is read from the coarsest table that has it, so a bucket costs a few rows however long it is. Runs as the
// caller: row-level security and the views decide what it sees.
const READ_SERIES = `
create function telemetry.read_series(series int8, cuts timestamptz[], width interval, max_points int, try_raw boolean,
  gap_after interval, out raw boolean, out had_before boolean, out at timestamptz[], out avg float8[], out min float8[], out max float8[],
  out last float8[], out count float8[], out first_at timestamptz[], out last_at timestamptz[])
language plpgsql stable parallel safe set timezone = 'UTC' as $$
#variable_conflict use_column
declare
  begins timestamptz;
  total bigint;
begin
  -- Where no rollup helps, counting is cheaper than summing up.
  if try_raw and cuts[2] = cuts[5] then
    select count(*) into total from telemetry.organization_reading
    where series_id = series and recorded_at >= cuts[1] and recorded_at < cuts[6] and value is not null;
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
        ${columns('organization_reading', 'raw', 'cuts[1]', 'cuts[2]')}
        union all ${columns('organization_rollup_minute', 'rollup', 'cuts[2]', 'cuts[3]')}
        union all ${columns('organization_rollup_hour', 'rollup', 'cuts[3]', 'cuts[4]')}
        union all ${columns('organization_rollup_minute', 'rollup', 'cuts[4]', 'cuts[5]')}
        union all ${columns('organization_reading', 'raw', 'cuts[5]', 'cuts[6]')}
      ) p group by b) s;
    select coalesce(sum(n), 0) into total from unnest(count) as c (n);
  end if;
  raw := try_raw and total <= max_points;
  -- So few readings are given as they are.
  if raw then
    select coalesce(array_agg(r.recorded_at order by r.recorded_at), '{}'), coalesce(array_agg(r.value order by r.recorded_at), '{}')
    into at, avg
    from telemetry.organization_reading r
    where series_id = series and recorded_at >= cuts[1] and recorded_at < cuts[6] and value is not null;
    first_at := null;
  end if;
  -- A hole at the beginning is one only where there was something before it.
  begins := coalesce(first_at[1], at[1]);
  if begins is null or begins - cuts[1] > gap_after then
    had_before := exists (select from telemetry.organization_rollup_hour where series_id = series and bucket < cuts[1] - interval '1 hour')
      or exists (select from telemetry.organization_reading
        where series_id = series and recorded_at < cuts[1] and recorded_at >= cuts[1] - interval '2 hours');
  else
    had_before := false;
  end if;
end $$;
`;

export class ReadSeries1763640000001 implements MigrationInterface {
  name = 'ReadSeries1763640000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(READ_SERIES);
    const signature = 'read_series(int8, timestamptz[], interval, int, boolean, interval)';
    await runner.query(`revoke all on function telemetry.${signature} from public`);
    await runner.query(`grant execute on function telemetry.${signature} to ${roleName('telemetry', 'api')}`);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
