import type { MetricKind } from '@pulsegraph/contracts';
import { inOrganizationPool } from '@pulsegraph/kit/postgres';
import type { Pool } from 'pg';
import { binaryArray } from '../wire/binary-array.js';
import { float8Array, instantArray } from '../wire/array-bytes.js';
import { rawColumns, type ReadColumns } from './series-columns.js';
import type { SpanPlan } from './series-span.js';

/** Where a metric's readings are; of several units or kinds, what the device sends now. */
export interface SeriesEntry {
  seriesId: number;
  deviceId: string;
  metric: string;
  unit: string;
  kind: MetricKind;
}

export interface SeriesRead {
  deviceId: string;
  metric: string;
  plan: SpanPlan;
  maxPoints: number;
  gapAfterMs: number;
}

export interface SeriesFound {
  unit: string;
  kind: MetricKind;
  /** Null for words. */
  columns: ReadColumns | null;
}

const OF_DEVICE_METRIC = `
  select s.series_id, s.unit, s.kind from telemetry.series s left join telemetry.organization_latest l using (series_id)
  where s.device_id = q.device_id and s.metric = q.metric order by l.recorded_at desc nulls last, s.series_id desc limit 1`;

const READ = `
select q.ord::int as ord, s.unit, s.kind, r.raw, r.had_before, array_send(r.at) as at, array_send(r.avg) as avg,
  array_send(r.min) as min, array_send(r.max) as max, array_send(r.last) as last, array_send(r.count) as count,
  array_send(r.first_at) as first_at, array_send(r.last_at) as last_at
from unnest($1::uuid[], $2::text[], $3::int4[], $4::float8[], $5::int4[], $6::float8[]) with ordinality
  as q (device_id, metric, max_points, width_ms, try_raw, gap_ms, ord)
cross join lateral (${OF_DEVICE_METRIC}) s
left join lateral telemetry.read_series(s.series_id, ($7::timestamptz[])[q.ord * 6 - 5 : q.ord * 6],
  q.width_ms * interval '1 millisecond', q.max_points, q.try_raw = 1, q.gap_ms * interval '1 millisecond') r on s.kind <> 'TEXT'`;

type ColumnBytes = Record<'at' | 'avg' | 'min' | 'max' | 'last' | 'count' | 'first_at' | 'last_at', Buffer>;
interface ReadRow extends ColumnBytes {
  ord: number;
  unit: string;
  kind: MetricKind;
  raw: boolean | null;
  had_before: boolean;
}

export class SeriesRepository {
  constructor(private readonly pool: Pool) {}

  /** All in one round trip. By position; undefined where nothing was ever recorded. */
  async read(organizationId: string, reads: readonly SeriesRead[], requestId: string): Promise<(SeriesFound | undefined)[]> {
    const { rows } = await inOrganizationPool(
      this.pool,
      organizationId,
      (client) =>
        client.query<ReadRow>({
          name: 'read-series',
          text: READ,
          values: [
            binaryArray.uuid(reads.map(({ deviceId }) => deviceId)),
            binaryArray.text(reads.map(({ metric }) => metric)),
            binaryArray.int4(reads.map(({ maxPoints }) => maxPoints)),
            binaryArray.float8(reads.map(({ plan }) => plan.widthMs)),
            binaryArray.int4(reads.map(({ plan }) => (plan.tryRaw ? 1 : 0))),
            binaryArray.float8(reads.map(({ gapAfterMs }) => gapAfterMs)),
            binaryArray.timestamptz(reads.flatMap(({ plan }) => plan.cutsMs.map((ms) => Math.round(ms * 1000)))),
          ],
        }),
      requestId,
    );
    const found = new Array<SeriesFound | undefined>(reads.length).fill(undefined);
    for (const row of rows) found[row.ord - 1] = { unit: row.unit, kind: row.kind, columns: columnsOf(row) };
    return found;
  }
}

function columnsOf({ raw, had_before: hadBefore, ...bytes }: ReadRow): ReadColumns | null {
  if (raw === null) return null;
  const at = instantArray(bytes.at);
  if (raw) return rawColumns(at, float8Array(bytes.avg), hadBefore);
  return {
    raw,
    hadBefore,
    at,
    avg: float8Array(bytes.avg),
    min: float8Array(bytes.min),
    max: float8Array(bytes.max),
    last: float8Array(bytes.last),
    count: float8Array(bytes.count),
    firstAt: instantArray(bytes.first_at),
    lastAt: instantArray(bytes.last_at),
  };
}
