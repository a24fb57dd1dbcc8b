import type { MetricKind } from '@pulsegraph/contracts';
import { inOrganizationPool } from '@pulsegraph/kit/postgres';
import type { Pool, PoolClient } from 'pg';
import { Aggregate } from '../rollup/aggregate.js';
import type { SpanPlan } from '../series/series-span.js';

export const EXACT_MEDIAN_READINGS = 100_000;

export interface WindowRead {
  kind: MetricKind;
  aggregate: Aggregate;
  /** Null when there are too many readings for an exact one. */
  median: number | null;
  /** Without an exact median: what is known of the values' spread, one entry per minute or reading. */
  spreads: readonly { count: number; min: number; max: number }[];
}

const FIND = `
select s.series_id::float8 as series_id, s.kind from telemetry.series s left join telemetry.organization_latest l using (series_id)
where s.device_id = $1 and s.metric = $2 order by l.recorded_at desc nulls last, s.series_id desc limit 1`;

const us = (column: string) => `(extract(epoch from ${column}) * 1000000)::float8`;

const ROLLUPS = (table: string) => `
select ${us('bucket')} as start_us, count, mean, m2, min, max, last, ${us('last_at')} as last_us, ${us('first_at')} as first_us, mean_at, m2_at, co
from telemetry.${table} where series_id = $1 and bucket >= $2 and bucket < $3`;

const RAW = `
select ${us('recorded_at')} as at_us, value from telemetry.readings_between($1, $2, $3) where value is not null`;

const MEDIAN = `
select percentile_cont(0.5) within group (order by value) as median from telemetry.readings_between($1, $2, $3) where value is not null`;

type RollupRow = Record<
  'start_us' | 'count' | 'mean' | 'm2' | 'min' | 'max' | 'last' | 'last_us' | 'first_us' | 'mean_at' | 'm2_at' | 'co',
  number
>;

export class StatisticsRepository {
  constructor(private readonly pool: Pool) {}

  /** Null where nothing was ever recorded. @param allRaw No reading of the span was dropped yet. */
  read(
    organizationId: string,
    deviceId: string,
    metric: string,
    plan: SpanPlan,
    allRaw: boolean,
    requestId: string,
  ): Promise<WindowRead | null> {
    return inOrganizationPool(
      this.pool,
      organizationId,
      async (client) => {
        const { rows } = await client.query<{ series_id: number; kind: MetricKind }>(FIND, [deviceId, metric]);
        const series = rows[0];
        if (!series) return null;
        return {
          kind: series.kind,
          ...(series.kind === 'TEXT' ? nothing(plan) : await readWindow(client, series.series_id, plan, allRaw)),
        };
      },
      requestId,
    );
  }
}

const nothing = ({ cutsMs }: SpanPlan) => ({ aggregate: new Aggregate(cutsMs[0] * 1000), median: null, spreads: [] });

async function readWindow(client: PoolClient, seriesId: number, { cutsMs }: SpanPlan, allRaw: boolean): Promise<Omit<WindowRead, 'kind'>> {
  const [start, minutesFrom, hoursFrom, hoursTo, minutesTo, end] = cutsMs.map((ms) => new Date(ms));
  const total = new Aggregate(cutsMs[0] * 1000);
  const spreads: { count: number; min: number; max: number }[] = [];
  const addRaw = async (from: Date, to: Date) => {
    if (from >= to) return;
    const { rows } = await client.query<{ at_us: number; value: number }>(RAW, [seriesId, from, to]);
    for (const { at_us, value } of rows) {
      total.add(Math.round(at_us), value);
      spreads.push({ count: 1, min: value, max: value });
    }
  };
  const addRollups = async (table: string, from: Date, to: Date, into: typeof spreads) => {
    if (from >= to) return;
    const { rows } = await client.query<RollupRow>(ROLLUPS(table), [seriesId, from, to]);
    for (const row of rows) {
      total.merge(aggregateOf(row));
      into.push({ count: row.count, min: row.min, max: row.max });
    }
  };
  await addRaw(start!, minutesFrom!);
  await addRollups('organization_rollup_minute', minutesFrom!, hoursFrom!, spreads);
  const hours: typeof spreads = [];
  await addRollups('organization_rollup_hour', hoursFrom!, hoursTo!, hours);
  await addRollups('organization_rollup_minute', hoursTo!, minutesTo!, spreads);
  await addRaw(minutesTo!, end!);

  if (allRaw && total.count <= EXACT_MEDIAN_READINGS) {
    const { rows } = await client.query<{ median: number | null }>(MEDIAN, [seriesId, start, end]);
    return { aggregate: total, median: rows[0]!.median, spreads: [] };
  }
  // Minutes say more about where the middle lies than hours do.
  const minutes = await client.query<{ count: number; min: number; max: number }>(
    `select count, min, max from telemetry.organization_rollup_minute where series_id = $1 and bucket >= $2 and bucket < $3`,
    [seriesId, hoursFrom, hoursTo],
  );
  return { aggregate: total, median: null, spreads: [...spreads, ...minutes.rows] };
}

function aggregateOf(row: RollupRow): Aggregate {
  const aggregate = new Aggregate(Math.round(row.start_us));
  const { count, mean, m2, min, max, last, mean_at: meanAt, m2_at: m2At, co } = row;
  return Object.assign(aggregate, {
    count,
    mean,
    m2,
    min,
    max,
    last,
    meanAt,
    m2At,
    co,
    lastAtUs: Math.round(row.last_us),
    firstAtUs: Math.round(row.first_us),
  });
}
