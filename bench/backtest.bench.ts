import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { askSubgraph, aViewer, TEST_ORGANIZATION } from '@pulsegraph/testkit';
import { startBacktestPlatform, storeReadings, type BacktestPlatform } from './backtest/platform.js';
import { median, rounded } from './measure/statistics.js';

const QUERY = `query ($input: AlertRuleInput!, $from: DateTime!, $to: DateTime!) {
  backtestAlertRule(input: $input, from: $from, to: $to) { evaluated alertsPerDay durationMs alerts { startedAt } } }`;
const CONDITIONS = {
  threshold: { threshold: { metric: 'temperature', above: 85, for: 'PT30S', hysteresis: 5 } },
  rateOfChange: { rateOfChange: { metric: 'temperature', perMinuteAbove: 15, over: 'PT1M' } },
};

interface Answer {
  backtestAlertRule: { evaluated: number; alertsPerDay: number; durationMs: number; alerts: object[] };
}

/** Back-tests over stored readings as they were written, and once more after their days were packed. */
export async function benchBacktest(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      readings: { type: 'string', default: '10000000' },
      devices: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const deviceIds = Array.from({ length: Number(values.devices) }, () => randomUUID());
  const perDevice = Math.round(Number(values.readings) / deviceIds.length);
  const platform = await startBacktestPlatform(deviceIds);
  try {
    const { database } = platform;
    const fromMs = Math.floor(Date.now() / 86_400_000) * 86_400_000 - Math.ceil(perDevice / 86_400 + 3) * 86_400_000;
    console.log(`storing ${perDevice * deviceIds.length} readings of ${deviceIds.length} devices`);
    for (const deviceId of deviceIds) await storeReadings(database, deviceId, TEST_ORGANIZATION.id, fromMs, perDevice);
    await database.query('vacuum analyze');
    const results = [];
    for (const layout of ['as written', 'packed'] as const) {
      if (layout === 'packed') await packAll(platform);
      for (const [kind, condition] of Object.entries(CONDITIONS)) {
        const runs: number[] = [];
        let found: Answer['backtestAlertRule'] | undefined;
        for (let round = 0; round < Number(values.rounds); round++) {
          const startedAt = performance.now();
          found = await backtest(platform, deviceIds, condition, fromMs, fromMs + perDevice * 1_000);
          runs.push((performance.now() - startedAt) / 1_000);
        }
        const seconds = rounded(median(runs));
        const alerts = found!.alerts.length;
        results.push({
          layout,
          kind,
          evaluated: found!.evaluated,
          alerts,
          seconds,
          readingsPerSecond: Math.round(found!.evaluated / seconds),
          runs,
        });
        console.log(`${layout.padEnd(12)}${kind.padEnd(14)}${found!.evaluated} readings, ${alerts} alerts: ${seconds} s (median)`);
      }
    }
    return { readings: perDevice * deviceIds.length, devices: deviceIds.length, results };
  } finally {
    await platform.stop();
  }
}

async function packAll({ database }: BacktestPlatform): Promise<void> {
  await database.query(`update telemetry.pack_mark set packed_to = date_trunc('day', now(), 'UTC') - interval '1 day'`);
  const { rows } = await database.query<{ day: Date }>('select day from telemetry.unpacked_days() as day');
  for (const { day } of rows) {
    await database.query('select telemetry.pack_day($1)', [day]);
    await database.query('select telemetry.drop_packed_day($1)', [day]);
  }
  await database.query('vacuum analyze');
}

async function backtest({ alerts }: BacktestPlatform, deviceIds: string[], condition: object, fromMs: number, toMs: number) {
  const input = { name: 'Draft', severity: 'LOW', target: { deviceIds }, condition };
  const variables = { input, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const { data, errors } = await askSubgraph<Answer>(alerts, QUERY, { viewer: aViewer(), variables });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!.backtestAlertRule;
}
