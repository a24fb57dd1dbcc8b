import type { RecordedReading } from '@pulsegraph/contracts';
import type { ClientBase } from 'pg';
import { binaryArray } from '../wire/binary-array.js';
import type { Aggregate } from '../rollup/aggregate.js';

/** What the writer knows of a series: kept for all that ever wrote, a few hundred bytes each. */
export interface WriterSeries {
  readonly id: number;
  readonly metric: string;
  readonly unit: string;
  readonly kind: RecordedReading['kind'];
  /** recordedAt of the row in `latest`; −Infinity when there is none. */
  latestUs: number;
  /** No stored reading that this session knows of is newer. */
  newestUs: number;
  /** Scratch of the batch in hand, valid while `batch` is its number. */
  batch: number;
  batchTimes: number[];
  batchTimeSet: Set<number> | null;
  /** The open minute that was written last; see OpenMinutes. */
  open: Aggregate | null;
}

type Identity = Pick<RecordedReading, 'metric' | 'unit' | 'kind'>;
interface Wanted extends Identity {
  organizationId: string;
  deviceId: string;
}

const CREATE = `
insert into telemetry.series (organization_id, device_id, metric, unit, kind)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
on conflict on constraint series_identity_key do nothing`;

const FIND = `
select s.series_id::float8 as id, s.device_id, s.metric, s.unit, s.kind, extract(epoch from l.recorded_at)::float8 * 1e6 as latest_us
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as w (device_id, metric, unit, kind)
join telemetry.series s using (device_id, metric, unit, kind)
left join telemetry.latest l using (series_id)`;

/** Series ids in memory, so that a reading costs two map accesses; unknown ones are created in one statement per batch. */
export class SeriesDirectory {
  private readonly devices = new Map<string, Map<string, WriterSeries>>();

  find(deviceId: string, reading: Identity): WriterSeries | undefined {
    const metrics = this.devices.get(deviceId);
    if (!metrics) return undefined;
    const series = metrics.get(reading.metric);
    if (!series || (series.unit === reading.unit && series.kind === reading.kind)) return series;
    return metrics.get(fullKey(reading));
  }

  /** Makes `find` answer for all of these. */
  async ensure(client: ClientBase, wanted: readonly Wanted[]): Promise<void> {
    const unique = [...new Map(wanted.map((one) => [`${one.deviceId} ${fullKey(one)}`, one])).values()];
    const identity = [
      binaryArray.uuid(unique.map(({ deviceId }) => deviceId)),
      binaryArray.text(unique.map(({ metric }) => metric)),
      binaryArray.text(unique.map(({ unit }) => unit)),
      binaryArray.text(unique.map(({ kind }) => kind)),
    ];
    await client.query(CREATE, [binaryArray.uuid(unique.map(({ organizationId }) => organizationId)), ...identity]);
    const { rows } = await client.query<Identity & { id: number; device_id: string; latest_us: number | null }>(FIND, identity);
    for (const { id, device_id: deviceId, metric, unit, kind, latest_us } of rows) {
      this.put(deviceId, newSeries(id, { metric, unit, kind }, latest_us === null ? -Infinity : Math.round(latest_us)));
    }
  }

  private put(deviceId: string, series: WriterSeries): void {
    let metrics = this.devices.get(deviceId);
    if (!metrics) this.devices.set(deviceId, (metrics = new Map()));
    const first = metrics.get(series.metric);
    if (!first) metrics.set(series.metric, series);
    else if (first.unit !== series.unit || first.kind !== series.kind) metrics.set(fullKey(series), series);
  }
}

function fullKey({ metric, unit, kind }: Identity): string {
  return `${metric}\n${unit}\n${kind}`;
}

function newSeries(id: number, { metric, unit, kind }: Identity, latestUs: number): WriterSeries {
  return {
    id,
    metric,
    unit,
    kind,
    latestUs,
    newestUs: latestUs,
    batch: 0,
    batchTimes: [],
    batchTimeSet: null,
    open: null,
  };
}
