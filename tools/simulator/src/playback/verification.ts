import { setTimeout as delay } from 'node:timers/promises';
import type { Values } from '../device/device-connection.js';
import type { PlatformClient } from '@pulsegraph/platform-client';

/** What was acknowledged, in the order in which it was sent. */
export interface SentRow {
  ts: number;
  values: Values;
}

export interface Verification {
  series: number;
  values: number;
  /** One sentence per series whose stored values are not the file's, in the file's order. */
  differences: string[];
}

/** As many rows as one answer gives unreduced. */
const ROWS_PER_READ = 2_000;
/** Acknowledged means safe in the log; the store follows at its own pace. */
const STORED_WITHIN_MS = 30_000;

/** Reads every number that was sent back through GraphQL and compares values and instants, in order. */
export async function verifyPlayback(client: PlatformClient, sent: ReadonlyMap<string, readonly SentRow[]>): Promise<Verification> {
  const result: Verification = { series: 0, values: 0, differences: [] };
  for (const [deviceKey, rows] of sent) {
    for (const [metric, expected] of numbersByMetric(rows)) {
      const difference = await compareSeries(client, deviceKey, metric, expected);
      result.series += 1;
      result.values += expected.length;
      if (difference) result.differences.push(`${deviceKey} ${metric}: ${difference}`);
    }
  }
  return result;
}

function numbersByMetric(rows: readonly SentRow[]): Map<string, [ts: number, value: number][]> {
  const metrics = new Map<string, [number, number][]>();
  for (const { ts, values } of rows) {
    for (const [metric, value] of Object.entries(values)) {
      if (typeof value !== 'number') continue;
      if (!metrics.has(metric)) metrics.set(metric, []);
      metrics.get(metric)!.push([ts, value]);
    }
  }
  return metrics;
}

async function compareSeries(
  client: PlatformClient,
  deviceKey: string,
  metric: string,
  expected: readonly (readonly [number, number])[],
): Promise<string | null> {
  for (let index = 0; index < expected.length; index += ROWS_PER_READ) {
    const slice = expected.slice(index, index + ROWS_PER_READ);
    const patientUntilMs = Date.now() + STORED_WITHIN_MS;
    let difference = await compareSlice(client, deviceKey, metric, slice);
    while (difference && Date.now() < patientUntilMs) {
      await delay(200);
      difference = await compareSlice(client, deviceKey, metric, slice);
    }
    if (difference) return difference;
  }
  return null;
}

async function compareSlice(client: PlatformClient, key: string, metric: string, slice: readonly (readonly [number, number])[]) {
  const { deviceByKey } = await client.request<{ deviceByKey: { series: { columns: { at: number[]; last: number[] } } | null } }>(
    `query ($key: String!, $metric: String!, $from: DateTime!, $to: DateTime!, $maxPoints: Int!) {
      deviceByKey(key: $key) { series(metric: $metric, from: $from, to: $to, maxPoints: $maxPoints) { columns { at last } } }
    }`,
    {
      key,
      metric,
      from: new Date(slice[0]![0]).toISOString(),
      to: new Date(slice.at(-1)![0] + 1).toISOString(),
      // Twice as many, so that rows closer together than the span's average are not reduced.
      maxPoints: ROWS_PER_READ * 2,
    },
  );
  const { at = [], last = [] } = deviceByKey.series?.columns ?? {};
  if (at.length !== slice.length) return `${at.length} values are stored where ${slice.length} were acknowledged`;
  const wrong = slice.findIndex(([ts, value], row) => at[row] !== ts || last[row] !== value);
  if (wrong < 0) return null;
  return `at ${new Date(slice[wrong]![0]).toISOString()} the file has ${slice[wrong]![1]}, stored is ${last[wrong]} at ${new Date(at[wrong]!).toISOString()}`;
}
