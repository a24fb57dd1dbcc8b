import type { MetricKind } from '@pulsegraph/contracts';
import { inOrganizationPool } from '@pulsegraph/kit/postgres';
import type { Pool } from 'pg';

export const MAX_SPANS = 10_000;

export interface StateRead {
  kind: MetricKind;
  /** Each first reading of a state, in order; the first may lie before the span. */
  changes: { state: string; atMs: number }[];
  /** After the span something else came. */
  endsAfter: boolean;
}

const FIND = `
select s.series_id, s.kind from telemetry.series s left join telemetry.organization_latest l using (series_id)
where s.device_id = $1 and s.metric = $2 order by l.recorded_at desc nulls last, s.series_id desc limit 1`;

const STATE = `coalesce(text, case when value = 0 then 'false' else 'true' end)`;

const CHANGES = `
with known as (
  select recorded_at, ${STATE} as state from telemetry.reading_before($1, $2, '-infinity')
  union all
  select recorded_at, ${STATE} from telemetry.readings_between($1, $2, $3)),
marked as (select recorded_at, state, state is distinct from lag(state) over (order by recorded_at) as is_change from known)
select state, floor(extract(epoch from recorded_at) * 1000)::float8 as at_ms from marked where is_change order by recorded_at limit ${MAX_SPANS + 1}`;

const ENDS_AFTER = `
select exists (select from telemetry.readings_between($1, $2, 'infinity') where ${STATE} <> $3) as ends_after`;

export class StateRepository {
  constructor(private readonly pool: Pool) {}

  /** Null where nothing was ever recorded. At most MAX_SPANS + 1 changes. */
  read(organizationId: string, deviceId: string, metric: string, from: Date, to: Date, requestId: string): Promise<StateRead | null> {
    return inOrganizationPool(
      this.pool,
      organizationId,
      async (client) => {
        const { rows } = await client.query<{ series_id: string; kind: MetricKind }>(FIND, [deviceId, metric]);
        const series = rows[0];
        if (!series) return null;
        if (series.kind === 'NUMBER') return { kind: series.kind, changes: [], endsAfter: false };
        const found = await client.query<{ state: string; at_ms: number }>(CHANGES, [series.series_id, from, to]);
        const changes = found.rows.map(({ state, at_ms: atMs }) => ({ state, atMs }));
        const last = changes.at(-1);
        const after = last && (await client.query<{ ends_after: boolean }>(ENDS_AFTER, [series.series_id, to, last.state]));
        return { kind: series.kind, changes, endsAfter: after?.rows[0]!.ends_after ?? false };
      },
      requestId,
    );
  }
}
