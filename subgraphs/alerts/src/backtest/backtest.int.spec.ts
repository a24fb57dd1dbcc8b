import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeReadingFrame, READING_HISTORY_PATH, type ReadingHistoryRequest } from '@pulsegraph/contracts';
import { createMemoryEventLog, type EventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { createRegistryProjection, type RegistryProjection } from '@pulsegraph/kit/registry';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import {
  aMetricEntry,
  aProfileEntry,
  aReading,
  aReadingsRecord,
  aRegistrySnapshot,
  askSubgraph,
  aViewer,
  fakeRegistrySource,
  put,
  TEST_DEVICE,
  TEST_INTERNAL_TOKEN,
  TEST_NOW_US,
  TEST_VIEWER_KEY,
  testDatabase,
} from '@pulsegraph/testkit';
import fc from 'fast-check';
import { createAlertEvaluator, type AlertEvaluator } from '../alert-evaluator.js';
import { createAlertsSubgraph } from '../alerts-subgraph.js';
import { httpReadingHistory } from './reading-history.js';

afterAll(async () => {
  await evaluator?.stop();
  await log?.close();
  await projection?.stop();
  await alerts?.stop();
  await new Promise((resolve) => telemetry.close(resolve));
});
const database = testDatabase('alerts');
const bus = createInProcessBus();
const metrics = ['temperature', 'humidity'].map((metric) =>
  aMetricEntry({ metric, alertMin: null, alertMax: null, expectedIntervalMs: 10_000 }),
);
const source = fakeRegistrySource([...aRegistrySnapshot(), put('profile', aProfileEntry({ metrics }))]);
const clock = { nowMs: TEST_NOW_US / 1_000 };
/** What telemetry has stored: seconds since the beginning and value, by metric. */
let stored: Record<string, (readonly [second: number, value: number])[]> = {};
let answer: 'readings' | 'fault' = 'readings';
/** Answers as telemetry does, in small frames. */
const telemetry: Server = createServer((request, response) => {
  let body = '';
  request.on('data', (part: Buffer) => (body += part.toString()));
  request.on('end', () => {
    const allowed = request.url === READING_HISTORY_PATH && request.headers.authorization === `Bearer ${TEST_INTERNAL_TOKEN}`;
    if (!allowed || answer === 'fault') return void response.writeHead(500).end();
    const { series, fromUs, toUs } = JSON.parse(body) as ReadingHistoryRequest;
    series.forEach(({ metric }, index) => {
      const inSpan = (stored[metric] ?? [])
        .map(([second, value]) => [TEST_NOW_US + second * 1e6, value] as const)
        .filter(([atUs]) => atUs >= fromUs && atUs < toUs);
      for (let from = 0; from < inSpan.length; from += 7) {
        const part = inSpan.slice(from, from + 7);
        const [recordedAtUs, values] = [0, 1].map((column) => Float64Array.from(part, (row) => row[column]!)) as [
          Float64Array,
          Float64Array,
        ];
        response.write(encodeReadingFrame({ series: index, unit: 'Cel', recordedAtUs, values, words: null }));
      }
    });
    response.end();
  });
});
let projection: RegistryProjection;
let log: EventLog;
let evaluator: AlertEvaluator;
let alerts: Subgraph;

beforeAll(async () => {
  await new Promise<void>((resolve) => telemetry.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(telemetry.address() as AddressInfo).port}`;
  projection = createRegistryProjection({ source, bus, log: silentLog, pollMs: 10 });
  await projection.start();
  log = createMemoryEventLog();
  // No reopening: when an alert was resolved is the platform's time, which this clock passes in leaps.
  const common = { databaseUrl: database.url, bus, projection, log: silentLog, clock: () => clock.nowMs, reopenWithinMs: 0 };
  alerts = await createAlertsSubgraph({
    ...common,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
    readingHistory: httpReadingHistory({ url, internalToken: TEST_INTERNAL_TOKEN }),
  });
  evaluator = createAlertEvaluator({ ...common, eventLog: log, tickMs: 25 });
  await evaluator.start();
});

const BACKTEST = `query ($input: AlertRuleInput!, $from: DateTime!, $to: DateTime!) { backtestAlertRule(input: $input, from: $from, to: $to) {
  evaluated alertsPerDay alerts { deviceId kind startedAt resolvedAt value } } }`;
const DAY_S = 86_400;
const at = (second: number) => new Date(TEST_NOW_US / 1_000 + second * 1_000).toISOString();
const draft = (condition: object) => ({ name: 'Draft', severity: 'LOW', target: { deviceIds: [TEST_DEVICE.id] }, condition });
interface Answer {
  backtestAlertRule: {
    evaluated: number;
    alertsPerDay: number;
    alerts: { kind: string; startedAt: string; resolvedAt: string | null; value: number }[];
  };
}
async function backtest(condition: object, days = 1): Promise<Answer['backtestAlertRule']> {
  const variables = { input: draft(condition), from: at(0), to: at(days * DAY_S) };
  const { data, errors } = await askSubgraph<Answer>(alerts, BACKTEST, { viewer: aViewer(), variables });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!.backtestAlertRule;
}
const codeOf = async (viewer: ReturnType<typeof aViewer> | null, over: object = {}) =>
  (
    await askSubgraph(alerts, BACKTEST, {
      viewer,
      variables: { input: draft({ threshold: { metric: 'temperature', above: 1 } }), from: at(0), to: at(60), ...over },
    })
  ).code;

it('says what a rule would have raised, and how often', async () => {
  stored = {
    temperature: [
      [0, 20],
      [60, 90],
      [120, 95],
      [180, 20],
      [3_600, 99],
    ],
  };
  expect(await backtest({ threshold: { metric: 'temperature', above: 85, for: 'PT30S' } }, 2)).toEqual({
    evaluated: 5,
    alertsPerDay: 1,
    alerts: [
      { deviceId: TEST_DEVICE.id, kind: 'THRESHOLD_EXCEEDED', startedAt: at(60), resolvedAt: at(180), value: 90 },
      // The last value holds for three intervals: long enough for its `for`.
      { deviceId: TEST_DEVICE.id, kind: 'THRESHOLD_EXCEEDED', startedAt: at(3_600), resolvedAt: null, value: 99 },
    ],
  });
});

it('notices silences between readings and after the last', async () => {
  stored = {
    temperature: [
      [0, 20],
      [60, 20],
      [1_000, 20],
    ],
    humidity: [
      [0, 50],
      [500, 50],
    ],
  };
  const { alerts: missing } = await backtest({ offline: { metric: 'temperature', after: 'PT5M' } });
  expect(missing.map(({ kind, startedAt, resolvedAt }) => [kind, startedAt, resolvedAt])).toEqual([
    ['NO_DATA', at(60), at(1_000)],
    ['NO_DATA', at(1_000), null],
  ]);
  const { alerts: silent } = await backtest({ offline: { after: 'PT8M' } });
  // The other metric was heard at 500 s; the device, then, fell silent there.
  expect(silent.map(({ kind, startedAt, resolvedAt }) => [kind, startedAt, resolvedAt])).toEqual([
    ['DEVICE_OFFLINE', at(500), at(1_000)],
    ['DEVICE_OFFLINE', at(1_000), null],
  ]);
});

it('refuses strangers, those who may not write rules, empty spans and connectivity, and says when telemetry is away', async () => {
  stored = {};
  expect(await codeOf(null)).toBe('UNAUTHENTICATED');
  expect(await codeOf(aViewer({ role: 'OPERATOR' }))).toBe('FORBIDDEN');
  expect(await codeOf(aViewer(), { to: at(0) })).toBe('BAD_USER_INPUT');
  expect(await codeOf(aViewer(), { input: draft({ offline: {} }) })).toBe('BAD_USER_INPUT');
  expect(await codeOf(aViewer(), { input: { ...draft({ offline: {} }), target: { deviceIds: [randomUUID()] } } })).toBe('NOT_FOUND');
  answer = 'fault';
  expect(await codeOf(aViewer())).toBe('SERVICE_UNAVAILABLE');
  answer = 'readings';
  expect(await codeOf(aViewer())).toBeUndefined();
});

it('finds exactly what live evaluation finds', async () => {
  const value = fc.constantFrom(70, 78, 83, 88, 95);
  const readings = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom('temperature', 'humidity'), value), {
    minLength: 40,
    maxLength: 60,
  });
  const leaf = fc.record({
    metric: fc.constantFrom('temperature', 'humidity'),
    above: fc.constantFrom(80, 90),
    for: fc.constantFrom('PT0S', 'PT20S', 'PT2M'),
    hysteresis: fc.constantFrom(0, 5),
    clearAfter: fc.constantFrom('PT0S', 'PT30S'),
  });
  const condition = fc.oneof(
    leaf.map((threshold) => ({ threshold })),
    fc.tuple(fc.constantFrom('all', 'any'), leaf, leaf).map(([how, a, b]) => ({ [how]: [{ threshold: a }, { threshold: b }] })),
    fc.constant({ rateOfChange: { metric: 'temperature', perMinuteAbove: 15, over: 'PT1M' } }),
  );
  let baseS = 0;
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(condition, readings, async (rule, steps) => {
      // Every run later than the one before: what is not newer would be no news.
      baseS += 3 * DAY_S;
      let second = baseS;
      const rows = steps.map(([step, metric, reading]) => ({ second: (second += step), metric, value: reading }));
      const create = 'mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id } }';
      const { data } = await askSubgraph<{ createAlertRule: { id: string } }>(alerts, create, {
        viewer: aViewer(),
        variables: { input: draft(rule) },
      });
      const ruleId = data!.createAlertRule.id;
      await evaluator.refresh();
      for (const row of rows) {
        const atUs = TEST_NOW_US + row.second * 1e6;
        clock.nowMs = atUs / 1_000;
        await log.append([
          aReadingsRecord({ receivedAtUs: atUs, readings: [aReading({ metric: row.metric, value: row.value, recordedAtUs: atUs })] }),
        ]);
      }
      const live = await askSubgraph<{ alerts: { nodes: { kind: string; startedAt: string; status: string; occurrences: number }[] } }>(
        alerts,
        'query ($id: ID!) { alerts(first: 500, orderBy: OLDEST, filter: { ruleId: $id }) { nodes { kind startedAt status occurrences } } }',
        { viewer: aViewer(), variables: { id: ruleId } },
      );
      stored = {};
      for (const { second: when, metric, value: reading } of rows) (stored[metric] ??= []).push([when, reading]);
      const variables = { input: draft(rule), from: at(baseS), to: at(second + 0.001) };
      const past = await askSubgraph<Answer>(alerts, BACKTEST, { viewer: aViewer(), variables });
      const found = past.data!.backtestAlertRule.alerts.map(({ kind, startedAt, resolvedAt }) => [kind, startedAt, resolvedAt === null]);
      const raised = live.data!.alerts.nodes.map(({ kind, startedAt, status }) => [kind, startedAt, status !== 'RESOLVED']);
      await askSubgraph(alerts, 'mutation ($id: ID!) { deleteAlertRule(id: $id) }', { viewer: aViewer(), variables: { id: ruleId } });
      expect(found).toEqual(raised);
      compared += found.length;
    }),
    { numRuns: 25, seed: 20261120, endOnFailure: true },
  );
  expect(compared).toBeGreaterThan(15);
});
