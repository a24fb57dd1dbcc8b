import type { ClientBase } from 'pg';
import { binaryArray } from '../wire/binary-array.js';
import { Aggregate, HOUR_US, floorTo } from './aggregate.js';

/** Of one series; `startUs` is the bucket. */
export interface SeriesAggregate {
  seriesId: number;
  aggregate: Aggregate;
}

// The same formulas as Aggregate.merge, on the row that is there (r) and the one that comes (excluded).
const MERGE = `
  count = r.count + excluded.count,
  mean = r.mean + (excluded.mean - r.mean) * excluded.count / (r.count + excluded.count),
  m2 = r.m2 + excluded.m2 + (excluded.mean - r.mean) ^ 2 * (r.count::float8 * excluded.count / (r.count + excluded.count)),
  mean_at = r.mean_at + (excluded.mean_at - r.mean_at) * excluded.count / (r.count + excluded.count),
  m2_at = r.m2_at + excluded.m2_at + (excluded.mean_at - r.mean_at) ^ 2 * (r.count::float8 * excluded.count / (r.count + excluded.count)),
  co = r.co + excluded.co
    + (excluded.mean_at - r.mean_at) * (excluded.mean - r.mean) * (r.count::float8 * excluded.count / (r.count + excluded.count)),
  min = least(r.min, excluded.min),
  max = greatest(r.max, excluded.max),
  last = case when excluded.last_at > r.last_at then excluded.last else r.last end,
  last_at = greatest(r.last_at, excluded.last_at),
  first_at = least(r.first_at, excluded.first_at)`;

const mergeInto = (table: string) => `
insert into telemetry.${table} as r (series_id, bucket, count, mean, m2, min, max, last, last_at, first_at, mean_at, m2_at, co)
select * from unnest($1::int8[], $2::timestamptz[], $3::int4[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::float8[],
  $9::timestamptz[], $10::timestamptz[], $11::float8[], $12::float8[], $13::float8[])
on conflict (series_id, bucket) do update set ${MERGE}`;

const MERGE_MINUTES = { name: 'merge-minutes', text: mergeInto('rollup_minute') };
const MERGE_HOURS = { name: 'merge-hours', text: mergeInto('rollup_hour') };

/**
 * Adds minutes to both rollups within the caller's transaction; the partitions must be there. Rows are locked in one order everywhere, so that a flush
 * and a batch with late readings wait for each other at most, and never for ever.
 */
export async function addToRollups(client: ClientBase, minutes: SeriesAggregate[]): Promise<void> {
  const hours = hoursOf(minutes);
  for (const part of partsOf(inLockOrder(minutes))) await client.query({ ...MERGE_MINUTES, values: columnsOf(part) });
  for (const part of partsOf(inLockOrder(hours))) await client.query({ ...MERGE_HOURS, values: columnsOf(part) });
}

const ROWS_PER_STATEMENT = 5_000;

function* partsOf(rows: readonly SeriesAggregate[]): Generator<readonly SeriesAggregate[]> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) yield rows.slice(start, start + ROWS_PER_STATEMENT);
}

function inLockOrder(rows: SeriesAggregate[]): SeriesAggregate[] {
  return rows.sort((a, b) => a.seriesId - b.seriesId || a.aggregate.startUs - b.aggregate.startUs);
}

function hoursOf(minutes: readonly SeriesAggregate[]): SeriesAggregate[] {
  const bySeries = new Map<number, Map<number, Aggregate>>();
  const hours: SeriesAggregate[] = [];
  for (const { seriesId, aggregate } of minutes) {
    const hourUs = floorTo(aggregate.startUs, HOUR_US);
    let ofSeries = bySeries.get(seriesId);
    if (!ofSeries) bySeries.set(seriesId, (ofSeries = new Map<number, Aggregate>()));
    let hour = ofSeries.get(hourUs);
    if (!hour) {
      ofSeries.set(hourUs, (hour = new Aggregate(hourUs)));
      hours.push({ seriesId, aggregate: hour });
    }
    hour.merge(aggregate);
  }
  return hours;
}

function columnsOf(rows: readonly SeriesAggregate[]): Buffer[] {
  const of = (field: keyof Aggregate) => rows.map(({ aggregate }) => aggregate[field] as number);
  return [
    binaryArray.int8(rows.map(({ seriesId }) => seriesId)),
    binaryArray.timestamptz(of('startUs')),
    binaryArray.int4(of('count')),
    ...(['mean', 'm2', 'min', 'max', 'last'] as const).map((field) => binaryArray.float8(of(field))),
    ...(['lastAtUs', 'firstAtUs'] as const).map((field) => binaryArray.timestamptz(of(field))),
    ...(['meanAt', 'm2At', 'co'] as const).map((field) => binaryArray.float8(of(field))),
  ];
}
