import type { MetricKind } from '@pulsegraph/contracts';
import { inOrganizationPool } from '@pulsegraph/kit/postgres';
import type { Pool } from 'pg';

export interface ExportedReading {
  recordedAtMs: number;
  value: number | null;
  text: string | null;
  unit: string;
}

export interface ExportSpan {
  deviceId: string;
  metric: string;
  fromMs: number;
  toMs: number;
}

const ROWS_PER_FETCH = 10_000;
const DAY_MS = 86_400_000;

const SERIES = 'select kind, unit from telemetry.series where device_id = $1 and metric = $2 order by series_id desc';

// A metric that changed its unit has several series; their readings are one export.
const DECLARE = `
  declare export_rows no scroll cursor for
  select extract(epoch from r.recorded_at)::float8 * 1000 as "recordedAtMs", r.value, r.text, s.unit
  from telemetry.series s cross join lateral telemetry.readings_between(s.series_id, to_timestamp($3 / 1000.0), to_timestamp($4 / 1000.0)) r
  where s.device_id = $1 and s.metric = $2 order by r.recorded_at`;

export class ExportRepository {
  constructor(private readonly pool: Pool) {}

  /** What the metric is now; null where nothing was ever recorded. */
  async kindOf(organizationId: string, deviceId: string, metric: string, requestId: string): Promise<MetricKind | null> {
    const { rows } = await inOrganizationPool(
      this.pool,
      organizationId,
      (client) => client.query<{ kind: MetricKind }>(SERIES, [deviceId, metric]),
      requestId,
    );
    return rows[0]?.kind ?? null;
  }

  /** In order, packed days included. A day at a time, so that nothing sorts more than that; memory holds one fetch. */
  async forEachPart(
    organizationId: string,
    { deviceId, metric, fromMs, toMs }: ExportSpan,
    requestId: string,
    take: (readings: readonly ExportedReading[]) => Promise<void>,
  ): Promise<void> {
    for (let dayMs = fromMs; dayMs < toMs; dayMs = nextDay(dayMs)) {
      await inOrganizationPool(
        this.pool,
        organizationId,
        async (client) => {
          await client.query(DECLARE, [deviceId, metric, dayMs, Math.min(nextDay(dayMs), toMs)]);
          for (;;) {
            const { rows } = await client.query<ExportedReading>(`fetch ${ROWS_PER_FETCH} from export_rows`);
            if (rows.length > 0) await take(rows);
            if (rows.length < ROWS_PER_FETCH) return;
          }
        },
        requestId,
      );
    }
  }
}

const nextDay = (ms: number) => (Math.floor(ms / DAY_MS) + 1) * DAY_MS;
