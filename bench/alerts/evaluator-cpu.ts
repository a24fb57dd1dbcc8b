import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createAlertEvaluator, createAlertsSubgraph } from '@pulsegraph/alerts';
import { startEmbeddedPostgres } from '@pulsegraph/kit/embedded-postgres';
import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { provisionDatabase } from '@pulsegraph/kit/postgres';
import { createRegistryProjection } from '@pulsegraph/kit/registry';
import {
  aDeviceEntry,
  aMetricEntry,
  aProfileEntry,
  aReading,
  aReadingsRecord,
  aRegistrySnapshot,
  askSubgraph,
  aViewer,
  fakeRegistrySource,
  put,
  TEST_VIEWER_KEY,
} from '@pulsegraph/testkit';
import { inParallel, METRICS, quietRules, seriesOf } from './rules.js';

interface Load {
  rules: number;
  devices: number;
  readingsPerSecond: number;
  readingsPerRecord: number;
  seconds: number;
}

const PASSWORD = 'bench';
const STEP_MS = 20;

/**
 * The evaluator alone behind an event log, at the same pace: its CPU without decoding, storing and everything else that
 * shares a process with it in standalone. Making the readings is not counted.
 */
export async function evaluatorCpuUsPerReading({ rules, devices, readingsPerSecond, readingsPerRecord, seconds }: Load): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'pulsegraph-alerts-'));
  // Not counted, so it need not wait for the disk while thousands of rules are made.
  const settings = { fsync: 'off' };
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), password: PASSWORD, settings });
  await provisionDatabase({ adminUrl: postgres.url, subgraphs: [{ name: 'alerts', password: PASSWORD }] });
  const url = new URL(postgres.url);
  url.username = 'alerts_migrator';
  url.password = PASSWORD;
  const databaseUrl = url.toString();
  const bus = createInProcessBus();
  const viewer = aViewer();
  const { organizationId } = viewer;
  const metrics = METRICS.map((metric) => aMetricEntry({ metric, name: metric, alertMin: null, alertMax: null }));
  const profile = aProfileEntry({ id: randomUUID(), organizationId, metrics });
  const fleet = Array.from({ length: devices }, (_, index) =>
    aDeviceEntry({ id: randomUUID(), key: `device-${index}`, organizationId, profileId: profile.id }),
  );
  const source = fakeRegistrySource([...aRegistrySnapshot(), put('profile', profile), ...fleet.map((device) => put('device', device))]);
  const projection = createRegistryProjection({ source, bus, log: silentLog });
  await projection.start();
  const readingHistory = { read: () => Readable.from([]) };
  const keys = { viewerKeys: [TEST_VIEWER_KEY], cursorKeys: [TEST_VIEWER_KEY] };
  const alerts = await createAlertsSubgraph({ databaseUrl, bus, projection, log: silentLog, readingHistory, ...keys });
  const series = seriesOf(fleet.map(({ id }) => id));
  await inParallel(quietRules(series, rules, 0), 16, async (input) => {
    const variables = { input };
    const { errors } = await askSubgraph(alerts, 'mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id } }', {
      viewer,
      variables,
    });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
  });
  const eventLog = createMemoryEventLog({ groups: ['alert-evaluator'] });
  const evaluator = createAlertEvaluator({ databaseUrl, bus, eventLog, projection, log: silentLog });
  await evaluator.start();
  await evaluator.refresh();

  // Readings of a record lie evenly between the one before and this one.
  const betweenUs = (series.length * readingsPerRecord * 1e6) / readingsPerSecond;
  let records = 0;
  const nextRecord = () => {
    const number = records++;
    const receivedAtUs = Date.now() * 1_000;
    const device = fleet[number % devices]!;
    const metric = METRICS[Math.floor(number / devices) % METRICS.length]!;
    return aReadingsRecord({
      organizationId,
      deviceId: device.id,
      deviceKey: device.key,
      receivedAtUs,
      readings: Array.from({ length: readingsPerRecord }, (_, index) =>
        aReading({
          metric,
          recordedAtUs: Math.round(receivedAtUs - betweenUs * (1 - (index + 1) / readingsPerRecord)),
          value: 20 + ((number + index) % 600) / 10,
        }),
      ),
    });
  };
  const feed = async (durationMs: number): Promise<{ readings: number; cpuUs: number }> => {
    const startedAt = performance.now();
    const before = records;
    const cpuBefore = process.cpuUsage();
    let makingUs = 0;
    for (let elapsedMs = 0; elapsedMs < durationMs; elapsedMs = performance.now() - startedAt) {
      const due = Math.floor((elapsedMs / 1_000) * (readingsPerSecond / readingsPerRecord)) - (records - before);
      const makingBefore = process.cpuUsage();
      const batch = Array.from({ length: due }, nextRecord);
      const making = process.cpuUsage(makingBefore);
      makingUs += making.user + making.system;
      if (batch.length > 0) await eventLog.append(batch);
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    return { readings: (records - before) * readingsPerRecord, cpuUs: user + system - makingUs };
  };
  // Every series is seen once before counting: a device is loaded when it first speaks.
  await feed(Math.max(3_000, betweenUs / 1_000));
  const { readings, cpuUs } = await feed(seconds * 1_000);

  await evaluator.stop();
  await eventLog.close();
  await alerts.stop();
  await projection.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
  return cpuUs / readings;
}
