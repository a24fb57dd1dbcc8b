import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { ReadingFlag, type ConnectivityEntry, type MetricEntry, type RecordedReading } from '@pulsegraph/contracts';
import { createMemoryEventLog, type EventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { createRegistryProjection, type RegistryProjection } from '@pulsegraph/kit/registry';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import {
  aDeviceEntry,
  aMetricEntry,
  anAssignmentEntry,
  anAssetEntry,
  anOrganizationEntry,
  aPatientEntry,
  aProfileEntry,
  aReading,
  aReadingsRecord,
  askSubgraph,
  aViewer,
  eventually,
  fakeRegistrySource,
  put,
  type RegistryEdit,
  TEST_NOW_US,
  TEST_VIEWER_KEY,
  testDatabase,
} from '@pulsegraph/testkit';
import { createAlertEvaluator, type AlertEvaluator } from '../alert-evaluator.js';
import { createAlertsSubgraph } from '../alerts-subgraph.js';

const NOW_MS = TEST_NOW_US / 1_000;
const MINUTE_MS = 60_000;
const bus = createInProcessBus();
const source = fakeRegistrySource();
const clock = { nowMs: NOW_MS };
let projection: RegistryProjection;
let log: EventLog;
let evaluator: AlertEvaluator;
let alerts: Subgraph;

function anEvaluator(eventLog: EventLog): AlertEvaluator {
  return createAlertEvaluator({
    databaseUrl: database.url,
    bus,
    eventLog,
    projection,
    log: silentLog,
    clock: () => clock.nowMs,
    tickMs: 25,
    reopenWithinMs: 0,
  });
}
// Hooks run in the order they stand: what is connected ends before its database does.
afterAll(async () => {
  await evaluator?.stop();
  await log?.close();
  await projection?.stop();
  await alerts?.stop();
});
const database = testDatabase('alerts');
beforeAll(async () => {
  projection = createRegistryProjection({ source, bus, log: silentLog, pollMs: 10 });
  await projection.start();
  log = createMemoryEventLog();
  alerts = await createAlertsSubgraph({
    databaseUrl: database.url,
    bus,
    log: silentLog,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
    readingHistory: { read: () => Readable.from([]) },
    projection,
    clock: () => clock.nowMs,
  });
  evaluator = anEvaluator(log);
  await evaluator.start();
});
async function restart(whileAway: () => void = () => undefined): Promise<void> {
  await evaluator.stop();
  await log.close();
  whileAway();
  log = createMemoryEventLog();
  evaluator = anEvaluator(log);
  await evaluator.start();
}

interface History {
  transition: string;
  note: string | null;
  value: number | null;
}
interface AlertRow {
  id: string;
  status: string;
  kind: string;
  severity: string;
  message: string;
  startedAt: string;
  value: number | null;
  unit: string | null;
  threshold: number | null;
  occurrences: number;
  deviceKey: string;
  asset: { id: string } | null;
  rule: { name: string; origin: string } | null;
  history: History[];
}

/** An organization with one profile and one device in a hall, known to the registry when this resolves. */
async function aPlant(metrics: MetricEntry[] = [aMetricEntry({ alertMin: null, alertMax: null })]) {
  const organizationId = randomUUID();
  const viewer = aViewer({ organizationId, organizationKey: `org-${organizationId.slice(0, 8)}` });
  const profile = aProfileEntry({ id: randomUUID(), organizationId, metrics });
  const asset = anAssetEntry({ id: randomUUID(), organizationId });
  const device = aDeviceEntry({ id: randomUUID(), organizationId, profileId: profile.id });
  const assignment = anAssignmentEntry({ id: randomUUID(), organizationId, deviceId: device.id, assetId: asset.id });
  const push = (...edits: RegistryEdit[]) => projection.waitFor(source.push(...edits), 5_000);
  await push(
    put('organization', anOrganizationEntry({ id: organizationId, key: viewer.organizationKey })),
    put('profile', profile),
    put('asset', asset),
    put('device', device),
    put('assignment', assignment),
  );
  await evaluator.refresh();
  const give = async <T>(query: string, variables?: Record<string, unknown>): Promise<T> => {
    const { data, errors } = await askSubgraph<T>(alerts, query, { viewer, variables });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return data!;
  };
  const plant = {
    organizationId,
    viewer,
    profile,
    asset,
    device,
    push,
    give,
    /** A reading of the device, `second`s after the beginning, received at once unless told otherwise. */
    record: (second: number, value: number, over: { flags?: number; metric?: string } = {}) =>
      aReadingsRecord({
        organizationId,
        deviceId: device.id,
        deviceKey: device.key,
        receivedAtUs: TEST_NOW_US + second * 1e6,
        readings: [aReading({ recordedAtUs: TEST_NOW_US + second * 1e6, value, ...over })],
      }),
    read: async (second: number, value: number, over: { flags?: number; metric?: string } = {}) => {
      clock.nowMs = Math.max(clock.nowMs, NOW_MS + second * 1_000);
      await log.append([plant.record(second, value, over)]);
    },
    connect: (connectivity: ConnectivityEntry['connectivity'], sinceMs = clock.nowMs) =>
      push(put('connectivity', { deviceId: device.id, organizationId, connectivity, sinceMs })),
    alerts: async () =>
      (
        await give<{ alerts: { nodes: AlertRow[] } }>(
          `{ alerts(orderBy: OLDEST) { nodes { id status kind severity message startedAt value unit threshold occurrences deviceKey
               asset { id } rule { name origin } history { transition note value } } } }`,
        )
      ).alerts.nodes,
    /** Resolves when an evaluator watches by it. */
    rule: async (condition: object, over: object = {}) => {
      const input = { name: 'Mine', severity: 'CRITICAL', target: { deviceIds: [device.id] }, condition, ...over };
      const { createAlertRule } = await give<{ createAlertRule: { id: string; version: number } }>(
        'mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id version } }',
        { input },
      );
      await evaluator.refresh();
      return createAlertRule;
    },
  };
  return plant;
}
const transitions = (alert: AlertRow | undefined) => alert?.history.map(({ transition }) => transition).join(' ');

it('raises where a profile has an alert limit, in words with value, unit and limit, and resolves by itself', async () => {
  const plant = await aPlant([aMetricEntry()]);
  await plant.read(1, 84);
  await plant.read(2, 92.3);
  await plant.read(3, 99);
  const [raised, ...more] = await plant.alerts();
  expect(more).toEqual([]);
  expect(raised).toMatchObject({
    status: 'TRIGGERED',
    kind: 'THRESHOLD_EXCEEDED',
    severity: 'HIGH',
    message: 'Temperature 92.3 °C, above the limit of 85 °C',
    startedAt: '2026-11-20T12:00:02.000Z',
    value: 92.3,
    unit: 'Cel',
    threshold: 85,
    deviceKey: plant.device.key,
    asset: { id: plant.asset.id },
    rule: { name: 'Temperature above 85 °C', origin: 'PROFILE' },
  });
  await plant.read(4, 85);
  const [resolved] = await plant.alerts();
  expect(resolved).toMatchObject({ id: raised!.id, status: 'RESOLVED', history: [{ value: 92.3 }, { value: 85 }] });
  expect(transitions(resolved)).toBe('RAISED RESOLVED');
});

it('lets a running `for` survive a restart', async () => {
  const plant = await aPlant();
  await plant.rule({ threshold: { metric: 'temperature', above: 50, for: 'PT30S' } });
  await plant.read(0, 60);
  await plant.read(20, 61);
  await restart();
  await plant.read(29, 62);
  expect(await plant.alerts()).toEqual([]);
  await plant.read(30, 63);
  expect(await plant.alerts()).toMatchObject([{ startedAt: '2026-11-20T12:00:00.000Z', value: 63 }]);
});

it('ends a `for` by its own timer while the last value holds', async () => {
  const plant = await aPlant([aMetricEntry({ alertMin: null, alertMax: null, expectedIntervalMs: MINUTE_MS })]);
  await plant.rule({ threshold: { metric: 'temperature', above: 50, for: 'PT2M' } });
  clock.nowMs = NOW_MS;
  await plant.read(0, 60);
  clock.nowMs = NOW_MS + 2 * MINUTE_MS + 1;
  await eventually(async () => expect(await plant.alerts()).toHaveLength(1));
});

it('raises nothing twice when the log delivers again, to the same evaluator or after a crash', async () => {
  const plant = await aPlant();
  await plant.rule({ threshold: { metric: 'temperature', above: 50 } });
  const records = [60, 40, 60, 40, 60].map((value, second) => plant.record(second, value));
  await log.append(records);
  const before = await plant.alerts();
  expect(before.map(({ status }) => status)).toEqual(['RESOLVED', 'RESOLVED', 'TRIGGERED']);
  await log.append(records);
  await log.append(records.slice(1));
  await restart();
  await log.append(records);
  expect(await plant.alerts()).toEqual(before);
});

it('takes readings of one message in their order, whatever order they stand in', async () => {
  const plant = await aPlant();
  await plant.rule({ threshold: { metric: 'temperature', above: 50, for: 'PT10S' } });
  const [first, second, third] = [plant.record(0, 60), plant.record(5, 60), plant.record(10, 60)].map(({ readings }) => readings[0]!);
  await log.append([{ ...plant.record(10, 60), readings: [third!, first!, second!] }]);
  expect(await plant.alerts()).toMatchObject([{ startedAt: '2026-11-20T12:00:00.000Z' }]);
});

it('pages nobody for data that comes late, as history, or before what was seen already', async () => {
  const plant = await aPlant();
  await plant.rule({ threshold: { metric: 'temperature', above: 50 } });
  await plant.read(10, 40);
  await plant.read(9, 60);
  await plant.read(11, 60, { flags: ReadingFlag.LATE });
  await plant.read(12, 60, { flags: ReadingFlag.HISTORICAL });
  expect(await plant.alerts()).toEqual([]);
  await plant.read(13, 60);
  expect(await plant.alerts()).toHaveLength(1);
});

it('raises and ends an offline alert without a message', async () => {
  const plant = await aPlant();
  await plant.connect('ONLINE');
  await plant.connect('OFFLINE', NOW_MS + 5_000);
  const [offline] = await eventually(async () => {
    const found = await plant.alerts();
    expect(found).toHaveLength(1);
    return found;
  });
  expect(offline).toMatchObject({
    kind: 'DEVICE_OFFLINE',
    severity: 'MEDIUM',
    message: 'Device offline',
    startedAt: '2026-11-20T12:00:05.000Z',
    rule: { origin: 'PROFILE' },
  });
  await restart(() =>
    source.push(
      put('connectivity', { deviceId: plant.device.id, organizationId: plant.organizationId, connectivity: 'ONLINE', sinceMs: NOW_MS }),
    ),
  );
  await eventually(async () => expect(await plant.alerts()).toMatchObject([{ id: offline!.id, status: 'RESOLVED' }]));
});

/** Lets time pass while somebody watches: a jump would be time in which nobody did. */
async function passTo(second: number): Promise<void> {
  while (clock.nowMs < NOW_MS + second * 1_000) {
    clock.nowMs = Math.min(clock.nowMs + 8_000, NOW_MS + second * 1_000);
    await evaluator.refresh();
  }
}

it('notices silence of a device and of one metric by its own clock, and hears when it ends', async () => {
  const plant = await aPlant([
    aMetricEntry({ alertMin: null, alertMax: null }),
    aMetricEntry({ metric: 'humidity', name: 'Humidity', alertMin: null, alertMax: null }),
  ]);
  clock.nowMs = NOW_MS;
  await plant.rule({ offline: { after: 'PT5M' } });
  await plant.rule({ offline: { metric: 'humidity', after: 'PT2M' } });
  await plant.read(0, 20, { metric: 'humidity' });
  await passTo(100);
  await plant.read(100, 20);
  await passTo(119);
  expect(await plant.alerts()).toEqual([]);
  await passTo(121);
  await eventually(async () => expect(await plant.alerts()).toMatchObject([{ kind: 'NO_DATA', message: 'Humidity missing for 2 min' }]));
  await passTo(401);
  await eventually(async () =>
    expect((await plant.alerts()).map(({ kind, startedAt }) => [kind, startedAt])).toEqual([
      ['NO_DATA', '2026-11-20T12:00:00.000Z'],
      ['DEVICE_OFFLINE', '2026-11-20T12:01:40.000Z'],
    ]),
  );
  await plant.read(402, 20);
  expect((await plant.alerts()).map(({ status }) => status)).toEqual(['TRIGGERED', 'RESOLVED']);
  await plant.read(403, 20, { metric: 'humidity' });
  expect((await plant.alerts()).map(({ status }) => status)).toEqual(['RESOLVED', 'RESOLVED']);
});

it('does not take its own absence for silence of devices', async () => {
  const plant = await aPlant();
  clock.nowMs = NOW_MS;
  await plant.rule({ offline: { after: 'PT1M' } });
  await plant.read(0, 20);
  await passTo(30);
  await restart(() => void (clock.nowMs = NOW_MS + 60 * MINUTE_MS));
  await passTo(60 * 60 + 25);
  expect(await plant.alerts()).toEqual([]);
  await passTo(60 * 60 + 35);
  await eventually(async () => expect(await plant.alerts()).toHaveLength(1));
});

it('keeps rules like their profile until somebody edits them', async () => {
  const plant = await aPlant([aMetricEntry()]);
  const rules = async () =>
    (
      await plant.give<{ alertRules: { nodes: { id: string; name: string; origin: string; version: number; summary: string }[] } }>(
        '{ alertRules { nodes { id name origin version summary } } }',
      )
    ).alertRules.nodes;
  expect((await rules()).map(({ name, origin }) => [name, origin])).toEqual([
    ['Temperature above 85 °C', 'PROFILE'],
    ['Temperature below 15 °C', 'PROFILE'],
    ['Temperature sensor offline', 'PROFILE'],
  ]);
  const [above] = await rules();
  await plant.give(
    'mutation ($id: ID!, $input: AlertRuleInput!, $v: Int!) { updateAlertRule(id: $id, input: $input, expectedVersion: $v) { id } }',
    {
      id: above!.id,
      v: above!.version,
      input: {
        name: 'Too hot',
        severity: 'CRITICAL',
        target: { profileId: plant.profile.id },
        condition: { threshold: { metric: 'temperature', above: 70 } },
      },
    },
  );
  await plant.push(put('profile', { ...plant.profile, metrics: [aMetricEntry({ alertMax: 90, alertMin: 5 })] }));
  await evaluator.refresh();
  expect((await rules()).map(({ name, origin, summary }) => [name, origin, summary])).toEqual([
    ['Temperature below 5 °C', 'PROFILE', 'Temperature below 5 °C'],
    ['Temperature sensor offline', 'PROFILE', 'Device offline'],
    ['Too hot', 'USER', 'Temperature above 70 °C'],
  ]);
  await plant.push(put('profile', { ...plant.profile, metrics: [aMetricEntry({ alertMax: null, alertMin: null })] }));
  await evaluator.refresh();
  expect((await rules()).map(({ name }) => name)).toEqual(['Temperature sensor offline', 'Too hot']);
});

it('ends alerts of a device that leaves the target, and of a rule that is disabled or deleted', async () => {
  const plant = await aPlant();
  const hall = await plant.rule({ threshold: { metric: 'temperature', above: 50 } }, { target: { assetId: plant.asset.id } });
  const mine = await plant.rule({ threshold: { metric: 'temperature', above: 60 } });
  await plant.read(1, 70);
  const statuses = async () => (await plant.alerts()).map(({ status, history }) => `${status} ${history.at(-1)!.note}`).sort();
  expect(await statuses()).toEqual(['TRIGGERED null', 'TRIGGERED null']);
  await plant.give('mutation ($id: ID!) { setAlertRuleEnabled(id: $id, enabled: false) { id } }', { id: mine.id });
  expect(await statuses()).toEqual(['RESOLVED The rule was disabled.', 'TRIGGERED null']);
  await plant.push(put('device', { ...plant.device, lifecycle: 'RETIRED' }));
  await eventually(async () =>
    expect(await statuses()).toEqual(['RESOLVED The rule no longer applies to this device.', 'RESOLVED The rule was disabled.']),
  );
  await plant.push(put('device', plant.device));
  await plant.read(2, 70);
  expect(await statuses()).toHaveLength(3);
  await plant.give('mutation ($id: ID!) { deleteAlertRule(id: $id) }', { id: hall.id });
  expect(await statuses()).toContain('RESOLVED The rule was deleted.');
  await evaluator.refresh();
  await plant.read(3, 75);
  expect(await statuses()).toHaveLength(3);
});

it('marks a rule that fails and goes on with the others', async () => {
  const plant = await aPlant();
  const { id: broken } = await plant.rule({ threshold: { metric: 'temperature', above: 50 } });
  await plant.rule({ threshold: { metric: 'temperature', above: 51 } }, { name: 'Sound' });
  await database.rows(`update alert_rule set condition = '{"astrology": {}}' where id = $1`, [broken]);
  await evaluator.refresh();
  await plant.read(1, 60);
  expect(await plant.alerts()).toMatchObject([{ rule: { name: 'Sound' } }]);
  await restart();
  const { alertRule } = await plant.give<{ alertRule: { lastError: string } }>('query ($id: ID!) { alertRule(id: $id) { lastError } }', {
    id: broken,
  });
  expect(alertRule.lastError).toBe('This evaluator does not know conditions of kind "astrology".');
});

it('carries on where another evaluator stopped, in both directions', async () => {
  const plant = await aPlant();
  await plant.rule({ threshold: { metric: 'temperature', above: 50 } });
  const otherLog = createMemoryEventLog();
  const other = anEvaluator(otherLog);
  await other.start();
  try {
    await plant.read(1, 60);
    await otherLog.append([plant.record(2, 61), plant.record(3, 40)]);
    expect((await plant.alerts()).map(transitions)).toEqual(['RAISED RESOLVED']);
    // The first believes that it still fires; its next word on it must not count.
    await plant.read(4, 39);
    await otherLog.append([plant.record(5, 70)]);
    await plant.read(6, 38);
    await eventually(async () => expect((await plant.alerts()).map(transitions)).toEqual(['RAISED RESOLVED', 'RAISED RESOLVED']));
    expect((await plant.alerts()).at(-1)!.status).toBe('RESOLVED');
  } finally {
    await other.stop();
    await otherLog.close();
  }
});

it('scores a patient by the scale that is set for him, from numbers and words, and names what is missing', async () => {
  const vital = (metric: string, unit: string, over: Partial<MetricEntry> = {}) =>
    aMetricEntry({ metric, name: metric, unit, alertMin: null, alertMax: null, ...over });
  const words = vital('consciousness', '1', { kind: 'TEXT', values: ['Alert', 'Confusion'] });
  const plant = await aPlant([vital('spo2', '%'), vital('heartRate', '/min'), words]);
  const patient = aPatientEntry({ id: randomUUID(), organizationId: plant.organizationId, spo2Scale: 2 });
  const { organizationId, device } = plant;
  await plant.push(
    put('patient', patient),
    put('assignment', anAssignmentEntry({ id: randomUUID(), organizationId, deviceId: device.id, assetId: null, patientId: patient.id })),
  );
  await plant.rule({ earlyWarningScore: { score: 5 } });
  const say = (second: number, ...readings: Partial<RecordedReading>[]) =>
    log.append([
      { ...plant.record(second, 0), readings: readings.map((over) => aReading({ recordedAtUs: TEST_NOW_US + second * 1e6, ...over })) },
    ]);
  // 3 points on scale 1, none on scale 2.
  await say(1, { metric: 'spo2', unit: '%', value: 90 }, { metric: 'heartRate', unit: '/min', value: 120 });
  expect(await plant.alerts()).toEqual([]);
  await say(2, { metric: 'consciousness', unit: '1', kind: 'TEXT', value: null, text: 'Confusion' });
  expect(await plant.alerts()).toMatchObject([
    {
      kind: 'EARLY_WARNING_SCORE',
      value: 5,
      unit: '{score}',
      message:
        'NEWS2 at least 5, medium risk: pulse 120 (2), consciousness C (3); incomplete: respiration, oxygen, systolic, temperature missing (decision aid, not a medical device)',
    },
  ]);
  await say(3, { metric: 'consciousness', unit: '1', kind: 'TEXT', value: null, text: 'Alert' });
  expect(await plant.alerts()).toMatchObject([{ status: 'RESOLVED' }]);
});

it('keeps what an anomaly rule has learnt over a restart', async () => {
  const plant = await aPlant();
  await plant.rule({ anomaly: { metric: 'temperature' } });
  const noise = (index: number) => Math.sin(index * 12.9898) + Math.sin(index * 78.233);
  await log.append(Array.from({ length: 600 }, (_, index) => plant.record(index * 60, 50 + noise(index))));
  await restart();
  await log.append(Array.from({ length: 10 }, (_, index) => plant.record((600 + index) * 60, 90)));
  expect(await plant.alerts()).toMatchObject([{ kind: 'DATA_ANOMALY', message: 'Temperature 90 °C, unlike its past', value: 90 }]);
});
