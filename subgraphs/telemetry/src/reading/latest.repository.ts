import type { MetricKind } from '@pulsegraph/contracts';
import { inOrganizationPool } from '@pulsegraph/kit/postgres';
import type { Pool, QueryConfig } from 'pg';
import { binaryArray } from '../wire/binary-array.js';
import type { Measurement } from './measurement.js';

const micros = (column: string) => `extract(epoch from ${column})::float8 * 1000000`;

const LATEST = `
select device_id, metric, unit, kind, value, text, flags::int4 as flags, ${micros('recorded_at')} as recorded_us, ${micros('received_at')} as received_us
from telemetry.organization_latest where device_id = any($1::uuid[])
order by device_id, metric, recorded_at`;

const NEWEST_WITHIN = `
select s.device_id, s.metric, s.unit, s.kind, r.value, r.text, r.flags::int4 as flags, ${micros('r.recorded_at')} as recorded_us,
  ${micros('r.recorded_at')} + r.received_after::float8 * 1000000 as received_us
from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) as q (device_id, from_at, to_at)
join telemetry.series s on s.device_id = q.device_id
cross join lateral telemetry.reading_before(s.series_id, q.to_at, q.from_at) r`;

interface Row {
  device_id: string;
  metric: string;
  unit: string;
  kind: MetricKind;
  value: number | null;
  text: string | null;
  flags: number;
  recorded_us: number;
  received_us: number;
}

export interface DeviceInterval {
  deviceId: string;
  fromMs: number;
  /** Exclusive. */
  toMs: number;
}

export class LatestRepository {
  constructor(private readonly pool: Pool) {}

  /** Of each device the newest reading per metric. Where a metric changed its unit, that of the newest. */
  async latest(organizationId: string, deviceIds: readonly string[], requestId: string): Promise<Measurement[]> {
    const rows = await this.rows(organizationId, requestId, { name: 'latest', text: LATEST, values: [binaryArray.uuid(deviceIds)] });
    // Ordered by time within a metric: the last one stays.
    return [...new Map(rows.map((row) => [`${row.device_id} ${row.metric}`, measurementOf(row)])).values()];
  }

  /** The newest reading of each series that was recorded within the interval. */
  async newestWithin(organizationId: string, intervals: readonly DeviceInterval[], requestId: string): Promise<Measurement[]> {
    const values = [
      binaryArray.uuid(intervals.map(({ deviceId }) => deviceId)),
      binaryArray.timestamptz(intervals.map(({ fromMs }) => fromMs * 1000)),
      binaryArray.timestamptz(intervals.map(({ toMs }) => toMs * 1000)),
    ];
    return (await this.rows(organizationId, requestId, { name: 'newest-within', text: NEWEST_WITHIN, values })).map(measurementOf);
  }

  private async rows(organizationId: string, requestId: string, query: QueryConfig): Promise<Row[]> {
    return (await inOrganizationPool(this.pool, organizationId, (client) => client.query<Row>(query), requestId)).rows;
  }
}

function measurementOf({ device_id: deviceId, metric, unit, kind, value, text, flags, recorded_us, received_us }: Row): Measurement {
  const recordedAtUs = Math.round(recorded_us);
  return {
    deviceId,
    deviceKey: null,
    receivedAtUs: Math.round(received_us),
    reading: { metric, unit, kind, value, text, flags, recordedAtUs },
  };
}
