import type { OpenOperation, UsageReport } from '@pulsegraph/contracts';
import type { Sql } from '../store/store.js';

/** A gateway that says nothing for so long has gone, and its subscriptions with it. */
const GATEWAY_GONE = `interval '60 seconds'`;

/** @returns Signatures of which the document is not known. */
export async function recordReport(sql: Sql, report: UsageReport): Promise<string[]> {
  const { gatewayId, servedVersion, open, operations, tallies, atMs } = report;
  if (operations.length > 0) {
    await sql.rows(
      `insert into operation (signature, name, document, coordinates, first_seen_at)
       select signature, name, document, array(select jsonb_array_elements_text(coordinates)), now()
       from jsonb_to_recordset($1::jsonb) as reported (signature text, name text, document text, coordinates jsonb)
       order by signature on conflict (signature) do nothing`,
      [JSON.stringify(operations)],
    );
  }
  if (tallies.length > 0) {
    await sql.rows(
      `insert into usage_hour (hour, signature, client, client_version, count, errors, duration_ms)
       select date_trunc('hour', to_timestamp($2::double precision / 1000)), signature, client, "clientVersion", sum(count), sum(errors), sum("durationMs")
       from jsonb_to_recordset($1::jsonb) as reported
         (signature text, client text, "clientVersion" text, count double precision, errors double precision, "durationMs" double precision)
       group by signature, client, "clientVersion" order by signature, client, "clientVersion"
       on conflict (hour, signature, client, client_version) do update
       set count = usage_hour.count + excluded.count, errors = usage_hour.errors + excluded.errors, duration_ms = usage_hour.duration_ms + excluded.duration_ms`,
      [JSON.stringify(tallies), atMs],
    );
  }
  await sql.rows(
    `insert into gateway (id, served_version, reported_at, open) values ($1, $2, now(), $3)
     on conflict (id) do update set served_version = excluded.served_version, reported_at = excluded.reported_at, open = excluded.open`,
    [gatewayId, servedVersion, JSON.stringify(open)],
  );
  const signatures = [...new Set(tallies.map(({ signature }) => signature))];
  const known = await sql.rows<{ signature: string }>('select signature from operation where signature = any($1)', [signatures]);
  const have = new Set(known.map(({ signature }) => signature));
  return signatures.filter((signature) => !have.has(signature));
}

export interface UsedOperation {
  signature: string;
  name: string;
  document: string;
  coordinates: string[];
  uses: { client: string; clientVersion: string; count: number }[];
}

export const usedOperations = (sql: Sql, windowDays: number): Promise<UsedOperation[]> =>
  sql.rows<UsedOperation>(
    `select o.signature, o.name, o.document, o.coordinates,
       jsonb_agg(jsonb_build_object('client', u.client, 'clientVersion', u.client_version, 'count', u.count)) as uses
     from operation o join (
       select signature, client, client_version, sum(count) as count from usage_hour
       where hour > now() - make_interval(days => $1) group by signature, client, client_version
     ) u using (signature) group by o.signature, o.name, o.document, o.coordinates order by o.signature`,
    [windowDays],
  );

export async function openOperations(sql: Sql): Promise<OpenOperation[]> {
  const rows = await sql.rows<{ open: OpenOperation[] }>(`select open from gateway where reported_at > now() - ${GATEWAY_GONE}`);
  return rows.flatMap(({ open }) => open);
}

export const gateways = (sql: Sql): Promise<{ id: string; servedVersion: number | null; reportedAt: Date }[]> =>
  sql.rows(
    `select id, served_version as "servedVersion", reported_at as "reportedAt" from gateway where reported_at > now() - ${GATEWAY_GONE} order by id`,
  );

export interface ClientUsage {
  client: string;
  clientVersion: string;
  count: number;
  errors: number;
  meanMs: number;
  lastHour: Date;
}

const SUMS = `u.client, u.client_version as "clientVersion", sum(u.count) as count, sum(u.errors) as errors,
  round((sum(u.duration_ms) / nullif(sum(u.count), 0))::numeric, 1)::double precision as "meanMs", max(u.hour) as "lastHour"`;

export const usageOfCoordinate = (sql: Sql, coordinate: string, windowDays: number): Promise<(ClientUsage & { operation: string })[]> =>
  sql.rows(
    `select o.name as operation, ${SUMS} from usage_hour u join operation o using (signature)
     where u.hour > now() - make_interval(days => $2) and $1 = any(o.coordinates)
     group by o.name, u.client, u.client_version order by count desc`,
    [coordinate, windowDays],
  );

export const usageByClient = (sql: Sql, windowDays: number): Promise<ClientUsage[]> =>
  sql.rows(
    `select ${SUMS} from usage_hour u where u.hour > now() - make_interval(days => $1)
     group by u.client, u.client_version order by count desc`,
    [windowDays],
  );

export const usageByField = (sql: Sql, windowDays: number): Promise<{ coordinate: string; count: number }[]> =>
  sql.rows(
    `select coordinate, sum(u.count) as count from operation o
     cross join lateral unnest(o.coordinates) as coordinate
     join usage_hour u using (signature) where u.hour > now() - make_interval(days => $1)
     group by coordinate order by count desc`,
    [windowDays],
  );

export const dropUsageBefore = (sql: Sql, days: number): Promise<unknown> =>
  sql.rows('delete from usage_hour where hour < now() - make_interval(days => $1)', [days]);
