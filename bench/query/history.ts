import type { Client } from 'pg';

const DAY_MS = 86_400_000;
const wholeHour = (ms: number) => Math.floor(ms / 3_600_000) * 3_600_000;
/** Rollups of the long series and of the others' last days are made of their readings. */
const LONG_SERIES = 3;

export interface HistoryShape {
  organizationId: string;
  /** The first of `series` have a history, the rest a latest value only. */
  deviceIds: readonly string[];
  series: number;
  /** Days of readings of the first three series, and of rollups of all. */
  days: number;
  /** Days of readings of the other series. */
  rawDays: number;
  /** Exclusive. */
  endMs: number;
}

const READINGS = `
insert into telemetry.reading (series_id, recorded_at, value, received_after, flags)
select $1::int8, $2::timestamptz + i * interval '1 second',
  50 + 20 * sin((i + $1::int8 * 7919) / 13750.0) + sin(i * 12.9898 + $1::int8) * 3, 0.05, 0
from generate_series(0, $3::int - 1) i`;

// What a writer adds up reading by reading: count, moments, extremes; times in seconds since the bucket began.
const MINUTES = `
insert into telemetry.rollup_minute (series_id, bucket, count, mean, m2, min, max, last, last_at, first_at, mean_at, m2_at, co)
select series_id, bucket, count(*), avg(value), regr_syy(value, second), min(value), max(value),
  (array_agg(value order by recorded_at desc))[1], max(recorded_at), min(recorded_at), avg(second), regr_sxx(value, second),
  regr_sxy(value, second)
from (select series_id, recorded_at, value, date_trunc('minute', recorded_at) as bucket, extract(second from recorded_at)::float8 as second
  from telemetry.reading where series_id = $1 and recorded_at < $2) r
group by 1, 2`;

// Of a series of the same sampling, for days of which only rollups are kept.
const COPIED_MINUTES = `
insert into telemetry.rollup_minute (series_id, bucket, count, mean, m2, min, max, last, last_at, first_at, mean_at, m2_at, co)
select $1::int8, bucket, count, mean, m2, min, max, last, last_at, first_at, mean_at, m2_at, co
from telemetry.rollup_minute where series_id = $2 and bucket < $3`;

// Moments of the minutes plus those between them.
const HOURS = `
insert into telemetry.rollup_hour (series_id, bucket, count, mean, m2, min, max, last, last_at, first_at, mean_at, m2_at, co)
select series_id, hour, n, mean, m2 + between_value, lo, hi, last, last_at, first_at, mean_at, m2_at + between_at, co + between_both
from (
  select series_id, hour, sum(count) as n, sum(count * mean) / sum(count) as mean, sum(count * at) / sum(count) as mean_at,
    sum(m2) as m2, sum(m2_at) as m2_at, sum(co) as co,
    sum(count * mean ^ 2) - sum(count * mean) ^ 2 / sum(count) as between_value,
    sum(count * at ^ 2) - sum(count * at) ^ 2 / sum(count) as between_at,
    sum(count * at * mean) - sum(count * at) * sum(count * mean) / sum(count) as between_both,
    min(min) as lo, max(max) as hi, (array_agg(last order by bucket desc))[1] as last, max(last_at) as last_at, min(first_at) as first_at
  from (select *, date_trunc('hour', bucket) as hour, mean_at + extract(minute from bucket)::float8 * 60 as at
    from telemetry.rollup_minute where series_id = $1) m
  group by 1, 2) h`;

const SERIES = `
insert into telemetry.series (organization_id, device_id, metric, unit, kind)
select $1::uuid, device_id, 'temperature', 'Cel', 'NUMBER' from unnest($2::uuid[]) with ordinality as d (device_id, ord) order by ord
returning series_id::int as id, device_id`;

const LATEST = `
insert into telemetry.latest (series_id, recorded_at, received_at, value, flags)
select id, $2::timestamptz, $2::timestamptz + interval '50 milliseconds', 50, 0 from unnest($1::int8[]) as id`;

/** One reading a second and series, with the rollups and latest values that a writer would have made of them. */
export async function storeHistory(databases: readonly Client[], shape: HistoryShape): Promise<void> {
  const [database] = databases as [Client];
  const { organizationId, deviceIds, days, rawDays, endMs } = shape;
  const fromMs = wholeHour(endMs - days * DAY_MS);
  for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs < endMs; dayMs += DAY_MS) {
    for (const parent of ['reading', 'rollup_minute', 'rollup_hour']) {
      await database.query('select telemetry.ensure_partition($1, $2)', [parent, new Date(dayMs)]);
    }
  }
  const { rows } = await database.query<{ id: number; device_id: string }>(SERIES, [organizationId, deviceIds]);
  const idOf = new Map(rows.map(({ id, device_id }) => [device_id, id]));
  const seriesIds = deviceIds.map((deviceId) => idOf.get(deviceId)!);
  await database.query(LATEST, [seriesIds, new Date(endMs - 1_000)]);

  // The minute that has not ended is in no rollup yet.
  const rolledUpTo = new Date(Math.floor(endMs / 60_000) * 60_000);
  const rawFromMs = wholeHour(endMs - rawDays * DAY_MS);
  const store = async (client: Client, seriesId: number, seriesFromMs: number) => {
    await client.query(READINGS, [seriesId, new Date(seriesFromMs), (endMs - seriesFromMs) / 1_000]);
    await client.query(MINUTES, [seriesId, rolledUpTo]);
    if (seriesFromMs > fromMs) await client.query(COPIED_MINUTES, [seriesId, seriesIds[0], new Date(seriesFromMs)]);
    await client.query(HOURS, [seriesId]);
  };
  await inTurns(databases, seriesIds.slice(0, LONG_SERIES), (client, id) => store(client, id, fromMs));
  await inTurns(databases, seriesIds.slice(LONG_SERIES, shape.series), (client, id) => store(client, id, rawFromMs));
  for (const table of ['series', 'latest', 'reading', 'rollup_minute', 'rollup_hour']) {
    await database.query(`vacuum analyze telemetry.${table}`);
  }
}

async function inTurns<T>(clients: readonly Client[], items: readonly T[], work: (client: Client, item: T) => Promise<void>) {
  const left = [...items];
  await Promise.all(
    clients.map(async (client) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(client, item);
    }),
  );
}
