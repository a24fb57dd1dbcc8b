import type { PipelineStatusMessage } from '@pulsegraph/contracts';
import type { ClientBase, Pool } from 'pg';
import { latencyQuantileMs } from './latency-histogram.js';
import type { Measured } from './pipeline-meter.js';

/** A writer says at least this often that it lives. */
export const HEARTBEAT_MS = 5_000;
const SILENT_AFTER_MS = 3 * HEARTBEAT_MS;
const SLOW_P99_MS = 5_000;
const LONG_BACKLOG_RECORDS = 50_000;

const READ = `
select o.organization_id,
  coalesce((select sum(readings_per_second) from telemetry.pipeline_status p
    where p.organization_id = o.organization_id and p.at > now() - interval '15 seconds'), 0)::float8 as readings_per_second,
  coalesce(c.accepted, 0)::float8 as accepted, coalesce(c.duplicates, 0)::float8 as duplicates, coalesce(c.rejected, 0)::float8 as rejected,
  coalesce(w.backlog, 0)::float8 as backlog,
  extract(epoch from now() - w.heartbeat_at)::float8 * 1000 as silent_ms,
  (select array_agg(total order by bucket) from (
    select bucket, sum(n)::float8 as total
    from telemetry.pipeline_status p, unnest(p.latency_counts) with ordinality as u (n, bucket)
    where p.organization_id = o.organization_id and p.at > now() - interval '15 seconds' group by bucket) sums) as latency_counts,
  extract(epoch from now())::float8 * 1e6 as at_us
from unnest($1::uuid[]) as o (organization_id)
left join lateral (select sum(accepted) as accepted, sum(duplicates) as duplicates, sum(rejected) as rejected
  from telemetry.pipeline_counter c where c.organization_id = o.organization_id) c on true
cross join (select max(backlog) as backlog, max(heartbeat_at) as heartbeat_at from telemetry.writer_group) w`;

interface Row {
  organization_id: string;
  readings_per_second: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  backlog: number;
  silent_ms: number | null;
  latency_counts: number[] | null;
  at_us: number;
}

/** The truth of all writers together, by organization. */
export async function readPipelineStatus(client: ClientBase | Pool, organizationIds: readonly string[]) {
  const { rows } = await client.query<Row>(READ, [organizationIds]);
  return new Map(rows.map((row) => [row.organization_id, statusOf(row)]));
}

function statusOf(row: Row): PipelineStatusMessage {
  const counts = row.latency_counts ?? [];
  const storeLatencyMsP99 = latencyQuantileMs(counts, 0.99);
  // No writer that lives: what comes in is not stored.
  const down = row.silent_ms === null || row.silent_ms > SILENT_AFTER_MS;
  const degraded = storeLatencyMsP99 > SLOW_P99_MS || row.backlog > LONG_BACKLOG_RECORDS;
  return {
    readingsPerSecond: row.readings_per_second,
    acceptedTotal: row.accepted,
    duplicatesTotal: row.duplicates,
    rejectedTotal: row.rejected,
    backlog: row.backlog,
    storeLatencyMsP50: latencyQuantileMs(counts, 0.5),
    storeLatencyMsP99,
    health: down ? 'DOWN' : degraded ? 'DEGRADED' : 'HEALTHY',
    atUs: Math.round(row.at_us),
  };
}

export async function writePipelineStatus(pool: Pool, group: number, measured: ReadonlyMap<string, Measured>): Promise<void> {
  const rows = [...measured].map(([organizationId, { readingsPerSecond, latencyCounts }]) => ({
    organization_id: organizationId,
    readings_per_second: readingsPerSecond,
    latency_counts: latencyCounts,
  }));
  await pool.query(
    `insert into telemetry.pipeline_status ("group", organization_id, readings_per_second, latency_counts, at)
     select $1, organization_id, readings_per_second, latency_counts, now()
     from jsonb_to_recordset($2::jsonb) as s (organization_id uuid, readings_per_second float8, latency_counts int8[])
     on conflict ("group", organization_id) do update
     set readings_per_second = excluded.readings_per_second, latency_counts = excluded.latency_counts, at = now()`,
    [group, JSON.stringify(rows)],
  );
}

export async function writeHeartbeat(pool: Pool, group: number, backlog: number): Promise<void> {
  await pool.query(`update telemetry.writer_group set heartbeat_at = now(), backlog = $2 where "group" = $1`, [group, backlog]);
}
