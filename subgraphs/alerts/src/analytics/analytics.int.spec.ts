import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { AlertTransition, Severity, Viewer } from '@pulsegraph/contracts';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { createRegistryProjection, type RegistryProjection } from '@pulsegraph/kit/registry';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import {
  aRegistrySnapshot,
  askSubgraph,
  aViewer,
  fakeRegistrySource,
  TEST_DEVICE,
  TEST_VIEWER_KEY,
  testDatabase,
} from '@pulsegraph/testkit';
import { createAlertsSubgraph } from '../alerts-subgraph.js';
import type { AlertAnalytics } from './analytics.type.js';

afterAll(async () => {
  await projection?.stop();
  await alerts?.stop();
});
const database = testDatabase('alerts');
const bus = createInProcessBus();
/** A Monday; the clock stands at the end of the Wednesday. */
const MONDAY_MS = Date.parse('2026-03-02T00:00:00Z');
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const clock = { nowMs: MONDAY_MS + 3 * DAY * 1_000 };
const at = (second: number) => new Date(MONDAY_MS + second * 1_000).toISOString();
let projection: RegistryProjection;
let alerts: Subgraph;

beforeAll(async () => {
  projection = createRegistryProjection({ source: fakeRegistrySource(aRegistrySnapshot()), bus, log: silentLog, pollMs: 10 });
  await projection.start();
  alerts = await createAlertsSubgraph({
    databaseUrl: database.url,
    bus,
    projection,
    log: silentLog,
    clock: () => clock.nowMs,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
    readingHistory: { read: () => Readable.from([]) },
  });
});
beforeEach(async () => void (await database.rows('delete from alert')));

type Step = readonly [second: number, transition: AlertTransition, by?: string];
interface Past {
  organizationId?: string;
  ruleId?: string;
  deviceId?: string;
  deviceKey?: string;
  severity?: Severity;
}

/** An alert with the history that it would have, the seconds since Monday. */
async function past(steps: readonly Step[], over: Past = {}): Promise<void> {
  const id = randomUUID();
  const organizationId = over.organizationId ?? aViewer().organizationId;
  const last = steps.findLast(([, transition]) => transition === 'RESOLVED' || transition === 'REOPENED');
  const resolvedAt = last?.[1] === 'RESOLVED' ? at(last[0]) : null;
  const occurrences = steps.filter(([, transition]) => ['RAISED', 'REOPENED', 'REPEATED'].includes(transition)).length;
  await database.rows(
    `insert into alert (id, organization_id, rule_id, device_id, device_key, device_name, kind, severity, status, message, started_at, raised_at,
       resolved_at, occurrences, event_count)
     values ($1, $2, $3, $4, $5, 'Oven', 'THRESHOLD_EXCEEDED', $6, $7, 'Too hot', $8, $8, $9, $10, $11)`,
    [
      id,
      organizationId,
      over.ruleId ?? randomUUID(),
      over.deviceId ?? TEST_DEVICE.id,
      over.deviceKey ?? TEST_DEVICE.key,
      over.severity ?? 'HIGH',
      resolvedAt === null ? 'TRIGGERED' : 'RESOLVED',
      at(steps[0]![0]),
      resolvedAt,
      occurrences,
      steps.length,
    ],
  );
  for (const [index, [second, transition, by]] of steps.entries()) {
    await database.rows(
      `insert into alert_event (alert_id, no, organization_id, at, transition, by_id, by_name) values ($1, $2, $3, $4, $5, $6, $6)`,
      [id, index + 1, organizationId, at(second), transition, by ?? null],
    );
  }
}

const ANALYTICS = `query ($from: DateTime!, $to: DateTime!, $filter: AlertFilter) { alertAnalytics(from: $from, to: $to, filter: $filter) {
  raised meanTimeToAcknowledgeSeconds meanTimeToResolveSeconds bySeverity { severity count } perDay { day count }
  badActors { deviceId deviceKey device { id } rule { id } count percent } chattering standing floodPercent } }`;
const ask = (from: number, to: number, filter?: object, viewer: Viewer | null = aViewer()) =>
  askSubgraph<{ alertAnalytics: AlertAnalytics }>(alerts, ANALYTICS, { viewer, variables: { from: at(from), to: at(to), filter } });
async function analytics(from: number, to: number, filter?: object, viewer?: Viewer): Promise<AlertAnalytics> {
  const { data, errors } = await ask(from, to, filter, viewer);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!.alertAnalytics;
}

describe('alertAnalytics', () => {
  it('is all zeros, every severity and every day where nothing was raised', async () => {
    expect(await analytics(12 * HOUR, DAY + 1)).toEqual({
      raised: 0,
      meanTimeToAcknowledgeSeconds: null,
      meanTimeToResolveSeconds: null,
      bySeverity: ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'].map((severity) => ({ severity, count: 0 })),
      perDay: [
        { day: at(0), count: 0 },
        { day: at(DAY), count: 0 },
      ],
      badActors: [],
      chattering: 0,
      standing: 0,
      floodPercent: 0,
    });
  });

  it('counts what was raised in the span, its end excluded, by severity and by UTC day', async () => {
    await past([[-1, 'RAISED']], { severity: 'LOW' });
    await past([[0, 'RAISED']], { severity: 'CRITICAL' });
    await past([[DAY - 1, 'RAISED']], { severity: 'LOW' });
    await past([[DAY, 'RAISED']], { severity: 'LOW' });
    await past([[2 * DAY, 'RAISED']], { severity: 'LOW' });
    const { raised, bySeverity, perDay } = await analytics(0, 2 * DAY);
    expect(raised).toBe(3);
    expect(bySeverity).toEqual([
      { severity: 'CRITICAL', count: 1 },
      { severity: 'HIGH', count: 0 },
      { severity: 'MEDIUM', count: 0 },
      { severity: 'LOW', count: 2 },
    ]);
    expect(perDay).toEqual([
      { day: at(0), count: 2 },
      { day: at(DAY), count: 1 },
    ]);
  });

  it('takes times from raising to the first acknowledgement and the last resolution, of those that have them', async () => {
    await past([
      [0, 'RAISED'],
      [30, 'ACKNOWLEDGED', 'ada'],
      [100, 'RESOLVED', 'ada'],
    ]);
    // Acknowledged again after it came back: people were there after 90 s, and it was over after 400 s.
    await past([
      [1_000, 'RAISED'],
      [1_090, 'ACKNOWLEDGED', 'ada'],
      [1_200, 'RESOLVED'],
      [1_250, 'REOPENED'],
      [1_300, 'ACKNOWLEDGED', 'bo'],
      [1_400, 'RESOLVED'],
    ]);
    await past([[2_000, 'RAISED']]);
    const answer = await analytics(0, DAY);
    expect(answer).toMatchObject({ raised: 3, meanTimeToAcknowledgeSeconds: 60, meanTimeToResolveSeconds: 250 });
  });

  it('names the ten noisiest devices and rules, noisiest first, with their share of all', async () => {
    const rules = Array.from({ length: 12 }, () => randomUUID());
    // 3 of the last, 2 of the one before, 1 of each other: 15.
    for (const [index, ruleId] of [...rules, rules[11]!, rules[11]!, rules[10]!].entries()) {
      await past(
        [
          [index, 'RAISED'],
          [index + 0.5, 'RESOLVED'],
        ],
        { ruleId },
      );
    }
    const { badActors } = await analytics(0, DAY);
    expect(badActors).toHaveLength(10);
    expect(badActors.slice(0, 3)).toEqual(
      [3, 2, 1].map((count) => ({
        deviceId: TEST_DEVICE.id,
        deviceKey: TEST_DEVICE.key,
        device: { id: TEST_DEVICE.id },
        rule: null,
        count,
        percent: (100 * count) / 15,
      })),
    );
  });

  it('counts as chattering what came and went three times within a minute, folded repeats included', async () => {
    const thrice = (lastAt: number): Step[] => [
      [0, 'RAISED'],
      [10, 'RESOLVED'],
      [20, 'REOPENED'],
      [30, 'RESOLVED'],
      [40, 'REOPENED'],
      [lastAt, 'RESOLVED'],
    ];
    await past(thrice(60));
    await past([
      [0, 'RAISED'],
      [10, 'REPEATED'],
      [20, 'ACKNOWLEDGED', 'ada'],
      [25, 'REPEATED'],
      [50, 'RESOLVED'],
    ]);
    // Not: a second too slow, the third has not gone, only twice.
    await past(thrice(61));
    await past(thrice(60).slice(0, -1));
    await past(thrice(60).slice(0, 4));
    expect(await analytics(0, DAY)).toMatchObject({ raised: 5, chattering: 2 });
    expect((await analytics(DAY, 2 * DAY)).chattering).toBe(0);
  });

  it('counts as standing what had been open for more than 24 hours in the span, whenever it was raised', async () => {
    await past([[-2 * DAY, 'RAISED']]);
    await past([
      [HOUR, 'RAISED'],
      [DAY + 2 * HOUR, 'RESOLVED'],
    ]);
    // Not: exactly a day, and a day only with the pause counted.
    await past([
      [0, 'RAISED'],
      [DAY, 'RESOLVED'],
    ]);
    await past([
      [0, 'RAISED'],
      [20 * HOUR, 'RESOLVED'],
      [22 * HOUR, 'REOPENED'],
      [30 * HOUR, 'RESOLVED'],
    ]);
    expect((await analytics(0, 2 * DAY)).standing).toBe(2);
    // By the end of the first day only the old one had been open for so long; on the third it is alone again.
    expect((await analytics(0, DAY)).standing).toBe(1);
    expect((await analytics(2 * DAY, 3 * DAY)).standing).toBe(1);
  });

  it('calls a ten-minute period a flood from the eleventh alert for each person who handles them', async () => {
    const raise = async (count: number, fromSecond: number, by?: string) => {
      for (let index = 0; index < count; index++) {
        const second = fromSecond + index;
        await past(
          by
            ? [
                [second, 'RAISED'],
                [second + 5, 'ACKNOWLEDGED', by],
                [second + 9, 'RESOLVED'],
              ]
            : [[second, 'RAISED']],
        );
      }
    };
    await raise(10, 0);
    await raise(11, 10 * MINUTE, 'ada');
    await raise(21, 20 * MINUTE);
    // Four periods: 10, 11, 21 and none; one operator.
    expect((await analytics(0, 40 * MINUTE)).floodPercent).toBe(50);
    // The last is cut short, and a period too.
    expect((await analytics(0, 45 * MINUTE)).floodPercent).toBe(40);
    // With a second operator eleven are fewer than eleven each.
    await raise(1, 35 * MINUTE, 'bo');
    expect((await analytics(0, 40 * MINUTE)).floodPercent).toBe(25);
  });

  it('does not count periods that are still to come', async () => {
    const lastPeriod = 3 * DAY - 10 * MINUTE;
    for (let index = 0; index < 11; index++) await past([[lastPeriod + index, 'RAISED']]);
    // From twenty minutes ago until tomorrow: two periods are past, one begins at this instant.
    expect((await analytics(lastPeriod - 10 * MINUTE, 4 * DAY)).floodPercent).toBeCloseTo(100 / 3);
  });

  it('keeps to the filter, and to the organization of whoever asks', async () => {
    await past([[0, 'RAISED']], { severity: 'LOW' });
    await past([[0, 'RAISED']], { severity: 'HIGH', deviceId: randomUUID() });
    await past([[0, 'RAISED']], { severity: 'HIGH' });
    const other = aViewer({ organizationId: randomUUID() });
    await past([[0, 'RAISED']], { severity: 'LOW', organizationId: other.organizationId });
    const filter = { severities: ['HIGH'], deviceIds: [TEST_DEVICE.id], search: 'hot', raisedFrom: at(-5) };
    expect(await analytics(0, DAY, filter)).toMatchObject({ raised: 1 });
    expect(await analytics(0, DAY, undefined, other)).toMatchObject({
      raised: 1,
      bySeverity: expect.arrayContaining([{ severity: 'LOW', count: 1 }]),
    });
    expect((await ask(0, DAY, { deviceIds: [TEST_DEVICE.id] }, other)).code).toBe('NOT_FOUND');
  });

  it('refuses a span that is empty, backwards or longer than 400 days, and strangers', async () => {
    expect((await ask(0, 0)).code).toBe('BAD_USER_INPUT');
    expect((await ask(DAY, 0)).code).toBe('BAD_USER_INPUT');
    expect((await ask(0, 400 * DAY + 1)).code).toBe('BAD_USER_INPUT');
    expect((await ask(0, 400 * DAY)).code).toBeUndefined();
    expect((await ask(0, DAY, { patientId: randomUUID() }, aViewer({ role: 'OPERATOR' }))).code).toBe('FORBIDDEN');
    expect((await ask(0, DAY, undefined, null)).code).toBe('UNAUTHENTICATED');
  });
});
