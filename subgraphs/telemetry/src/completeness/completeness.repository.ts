import { inOrganizationPool } from '@pulsegraph/kit/postgres';
import type { Pool } from 'pg';
import type { SpanPlan } from '../series/series-span.js';

export const MAX_GAPS = 1_000;

export interface Received {
  count: number;
  /** Milliseconds since 1970; null when nothing was recorded in the span. */
  firstMs: number | null;
  lastMs: number | null;
  hadBefore: boolean;
  /** Where consecutive readings lie further apart than asked, by minute where nothing finer is kept. */
  gaps: { fromMs: number; toMs: number }[];
}

// One row per reading where readings are read, one per minute where minutes are: a gap that matters is longer than a minute
// or lies in a span short enough to be read raw.
const READ = `
with series as (
  select s.series_id from telemetry.series s left join telemetry.organization_latest l using (series_id)
  where s.device_id = $1 and s.metric = $2 order by l.recorded_at desc nulls last, s.series_id desc limit 1),
pieces as (
  select r.recorded_at as first_at, r.recorded_at as last_at, 1 as count from series, telemetry.readings_between(series_id, $3, $4) r
  union all
  select r.first_at, r.last_at, r.count from series join telemetry.organization_rollup_minute r using (series_id)
    where r.bucket >= $4 and r.bucket < $5
  union all
  select r.recorded_at, r.recorded_at, 1 from series, telemetry.readings_between(series_id, $5, $6) r),
paired as (select first_at, last_at, count, lag(last_at) over (order by first_at) as before from pieces)
select coalesce(sum(count), 0)::float8 as count, floor(extract(epoch from min(first_at)) * 1000)::float8 as first_ms,
  floor(extract(epoch from max(last_at)) * 1000)::float8 as last_ms,
  exists (select from series, telemetry.reading_before(series_id, $3, '-infinity')) as had_before,
  (array_agg(floor(extract(epoch from before) * 1000)::float8 order by first_at) filter (where first_at - before > $7 * interval '1 millisecond'))[1:${MAX_GAPS}] as gap_from,
  (array_agg(floor(extract(epoch from first_at) * 1000)::float8 order by first_at) filter (where first_at - before > $7 * interval '1 millisecond'))[1:${MAX_GAPS}] as gap_to
from paired`;

interface Row {
  count: number;
  first_ms: number | null;
  last_ms: number | null;
  had_before: boolean;
  gap_from: number[] | null;
  gap_to: number[] | null;
}

export class CompletenessRepository {
  constructor(private readonly pool: Pool) {}

  async read(
    organizationId: string,
    deviceId: string,
    metric: string,
    { cutsMs }: SpanPlan,
    gapAfterMs: number,
    requestId: string,
  ): Promise<Received> {
    const [from, minutesFrom, , , minutesTo, to] = cutsMs.map((ms) => new Date(ms));
    const values = [deviceId, metric, from, minutesFrom, minutesTo, to, gapAfterMs];
    const { rows } = await inOrganizationPool(this.pool, organizationId, (client) => client.query<Row>(READ, values), requestId);
    const { count, first_ms: firstMs, last_ms: lastMs, had_before: hadBefore, gap_from, gap_to } = rows[0]!;
    const gaps = (gap_from ?? []).map((fromMs, index) => ({ fromMs, toMs: gap_to![index]! }));
    return { count, firstMs, lastMs, hadBefore, gaps };
  }
}
