import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { ROLES, type Role, type Viewer } from '@pulsegraph/contracts';
import { createCursorCodec } from '@pulsegraph/kit/cursor';
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
  signedViewer,
  TEST_NOW_US,
  TEST_VIEWER_KEY,
  testDatabase,
} from '@pulsegraph/testkit';
import fc from 'fast-check';
import { parse, subscribe, type ExecutionResult } from 'graphql';
import { createAlertEvaluator, type AlertEvaluator } from '../alert-evaluator.js';
import { createAlertsSubgraph } from '../alerts-subgraph.js';

// Hooks run in the order they stand: what is connected ends before its database does.
afterAll(async () => {
  await evaluator?.stop();
  await log?.close();
  await projection?.stop();
  await alerts?.stop();
});
const database = testDatabase('alerts');
const bus = createInProcessBus();
const source = fakeRegistrySource();
/** Makes places that nothing has been at yet. */
const cursors = createCursorCodec('alerts', [TEST_VIEWER_KEY]);
const REPLAY_WINDOW_MS = 3_600_000;
const clock = { nowMs: TEST_NOW_US / 1_000 };
let projection: RegistryProjection;
let log: EventLog;
let evaluator: AlertEvaluator;
let alerts: Subgraph;

beforeAll(async () => {
  projection = createRegistryProjection({ source, bus, log: silentLog, pollMs: 10 });
  await projection.start();
  log = createMemoryEventLog();
  const common = { databaseUrl: database.url, bus, projection, log: silentLog, clock: () => clock.nowMs };
  alerts = await createAlertsSubgraph({
    ...common,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
    readingHistory: { read: () => Readable.from([]) },
  });
  evaluator = createAlertEvaluator({ ...common, eventLog: log, tickMs: 25, replayWindowMs: REPLAY_WINDOW_MS, reopenWithinMs: 60_000 });
  await evaluator.start();
});

async function give<T>(query: string, viewer: Viewer | null, variables?: Record<string, unknown>): Promise<T> {
  const { data, errors } = await askSubgraph<T>(alerts, query, { viewer, variables });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!;
}
const codeOf = async (query: string, viewer: Viewer | null, variables?: Record<string, unknown>) =>
  (await askSubgraph(alerts, query, { viewer, variables })).code;

interface Hall {
  admin: Viewer;
  as(role: Role): Viewer;
  assetId: string;
  patientId: string;
  devices: { id: string; key: string; name: string }[];
  /** One reading of a device, a second after the one before. */
  read(device: number, value: number): Promise<void>;
  ids(): Promise<string[]>;
}

/** An organization with devices whose temperature has an alert limit of 85 °C; the first is on a patient, the rest in a hall. */
async function aHall(names: readonly string[] = ['Oven']): Promise<Hall> {
  const organizationId = randomUUID();
  const as = (role: Role) => aViewer({ organizationId, organizationKey: `org-${organizationId.slice(0, 8)}`, role });
  const admin = as('ADMIN');
  const profile = aProfileEntry({ id: randomUUID(), organizationId, metrics: [aMetricEntry({ alertMin: null })] });
  const plant = anAssetEntry({ id: randomUUID(), organizationId, name: 'Plant' });
  const hall = anAssetEntry({ id: randomUUID(), organizationId, parentId: plant.id, name: 'Hall' });
  const patient = aPatientEntry({ id: randomUUID(), organizationId });
  const devices = names.map((name, index) =>
    aDeviceEntry({
      id: randomUUID(),
      organizationId,
      profileId: profile.id,
      name,
      key: `${name.toLowerCase().replace(' ', '-')}-${index}`,
    }),
  );
  const assignments = devices.map(({ id }, index) =>
    anAssignmentEntry({
      id: randomUUID(),
      organizationId,
      deviceId: id,
      assetId: index === 0 ? null : hall.id,
      patientId: index === 0 ? patient.id : null,
    }),
  );
  const revision = source.push(
    put('organization', anOrganizationEntry({ id: organizationId, key: admin.organizationKey })),
    ...[profile].map((value) => put('profile', value)),
    ...[plant, hall].map((value) => put('asset', value)),
    put('patient', patient),
    ...devices.map((value) => put('device', value)),
    ...assignments.map((value) => put('assignment', value)),
  );
  await projection.waitFor(revision, 5_000);
  await evaluator.refresh();
  return {
    admin,
    as,
    assetId: plant.id,
    patientId: patient.id,
    devices,
    read: async (index, value) => {
      clock.nowMs += 1_000;
      const { id, key } = devices[index]!;
      const atUs = clock.nowMs * 1_000;
      const reading = aReading({ recordedAtUs: atUs, value });
      await log.append([aReadingsRecord({ organizationId, deviceId: id, deviceKey: key, receivedAtUs: atUs, readings: [reading] })]);
    },
    ids: () => idsOf(admin),
  };
}
async function anOpenAlert(): Promise<Hall & { id: string }> {
  const hall = await aHall();
  await hall.read(0, 90);
  return { ...hall, id: (await hall.ids())[0]! };
}

const ACKNOWLEDGE =
  'mutation ($id: ID!, $note: String) { acknowledgeAlert(id: $id, note: $note) { status acknowledgedAt acknowledgedBy { id } } }';
const RESOLVE = 'mutation ($id: ID!) { resolveAlert(id: $id) { status } }';
const HISTORY = 'query ($id: ID!) { alert(id: $id) { status history { transition by { id } byName note } } }';

it('lets one of two people acknowledge and tells the other who was faster', async () => {
  const { admin, as, id } = await anOpenAlert();
  const bea = { ...as('OPERATOR'), subject: { ...admin.subject!, id: randomUUID(), name: 'Bea' } };
  const answers = await Promise.all(
    [admin, bea].map((viewer) => askSubgraph(alerts, ACKNOWLEDGE, { viewer, variables: { id, note: 'on my way' } })),
  );
  const winner = answers.findIndex(({ errors }) => errors.length === 0);
  const name = ['Ada Admin', 'Bea'][winner]!;
  expect(answers[1 - winner]!.errors).toMatchObject([
    {
      message: `This alert is already acknowledged by ${name}.`,
      extensions: { code: 'ALERT_ALREADY_ACKNOWLEDGED', acknowledgedByName: name },
    },
  ]);
  const { alert } = await give<{ alert: object }>(HISTORY, admin, { id });
  const person = [admin, bea][winner]!.subject!.id;
  expect(alert).toEqual({
    status: 'ACKNOWLEDGED',
    history: [
      { transition: 'RAISED', by: null, byName: null, note: null },
      { transition: 'ACKNOWLEDGED', by: { id: person }, byName: name, note: 'on my way' },
    ],
  });
});

it('keeps a person’s resolution although the condition lasts, and reopens when it comes back soon', async () => {
  const { admin, id, read, ids } = await anOpenAlert();
  await give(RESOLVE, admin, { id });
  expect(await codeOf(RESOLVE, admin, { id })).toBe('ALERT_ALREADY_RESOLVED');
  expect(await codeOf(ACKNOWLEDGE, admin, { id })).toBe('ALERT_ALREADY_RESOLVED');
  await read(0, 95);
  await read(0, 80);
  await read(0, 96);
  const comment = 'mutation ($id: ID!) { commentOnAlert(id: $id, text: " seen ") { occurrences value status acknowledgedAt } }';
  expect(await give(comment, admin, { id })).toEqual({
    commentOnAlert: { occurrences: 2, value: 96, status: 'TRIGGERED', acknowledgedAt: null },
  });
  await read(0, 80);
  clock.nowMs += 60_001;
  await read(0, 97);
  expect(await ids()).toHaveLength(2);
  const { alert } = await give<{ alert: { history: { transition: string }[] } }>(HISTORY, admin, { id });
  expect(alert.history.map(({ transition }) => transition)).toEqual(['RAISED', 'RESOLVED', 'REOPENED', 'COMMENTED', 'RESOLVED']);
});

const idsOf = async (viewer: Viewer) =>
  (await give<{ alerts: { nodes: { id: string }[] } }>('{ alerts { nodes { id } } }', viewer)).alerts.nodes.map(({ id }) => id);
const historyOf = async (viewer: Viewer, id: string) =>
  (
    await give<{ alert: { status: string; history: { transition: string; note: string | null; byName: string | null }[] } }>(
      HISTORY,
      viewer,
      { id },
    )
  ).alert;
const transitionsOf = async (viewer: Viewer, id: string) =>
  (await historyOf(viewer, id)).history.map(({ transition }) => transition).join(' ');

it('acknowledges those that can be and says why not the others', async () => {
  const hall = await aHall(['Bed', 'Mill', 'Oven', 'Saw']);
  for (const index of [0, 1, 2, 3]) await hall.read(index, 90);
  const [saw, oven, mill, bed] = (await hall.ids()) as [string, string, string, string];
  await give(ACKNOWLEDGE, hall.admin, { id: oven });
  await give(RESOLVE, hall.admin, { id: mill });
  const foreign = (await anOpenAlert()).id;
  const query = `mutation ($ids: [ID!]!) { acknowledgeAlerts(ids: $ids, note: "all") { acknowledged { id status } refused { id code } } }`;
  const ids = [oven, bed, mill, foreign, 'no-uuid', saw, bed];
  expect(await give(query, hall.as('OPERATOR'), { ids })).toEqual({
    acknowledgeAlerts: {
      acknowledged: [bed, saw].map((id) => ({ id, status: 'ACKNOWLEDGED' })),
      refused: [
        { id: oven, code: 'ALERT_ALREADY_ACKNOWLEDGED' },
        { id: mill, code: 'ALERT_ALREADY_RESOLVED' },
        { id: foreign, code: 'NOT_FOUND' },
        { id: 'no-uuid', code: 'NOT_FOUND' },
      ],
    },
  });
  expect((await historyOf(hall.admin, bed)).history.at(-1)).toMatchObject({ transition: 'ACKNOWLEDGED', note: 'all', byName: 'Ada Admin' });
  expect(await codeOf(query, hall.as('VIEWER'), { ids })).toBe('FORBIDDEN');
});

it('assigns an open alert to somebody and takes it back', async () => {
  const { admin, as, id } = await anOpenAlert();
  const assign = 'mutation ($id: ID!, $userId: ID) { assignAlert(id: $id, userId: $userId) { assignee { id } } }';
  const userId = admin.subject!.id;
  expect(await give(assign, admin, { id, userId })).toEqual({ assignAlert: { assignee: { id: userId } } });
  expect(await give(assign, admin, { id })).toEqual({ assignAlert: { assignee: null } });
  expect((await historyOf(admin, id)).history.map(({ transition, note }) => [transition, note])).toEqual([
    ['RAISED', null],
    ['ASSIGNED', 'Ada Admin'],
    ['ASSIGNED', null],
  ]);
  expect(await codeOf(assign, as('VIEWER'), { id, userId })).toBe('FORBIDDEN');
  await give(RESOLVE, admin, { id });
  expect(await codeOf(assign, admin, { id, userId })).toBe('ALERT_ALREADY_RESOLVED');
});

it('escalates what nobody acknowledges within five minutes, once, and nothing else', async () => {
  const hall = await aHall(['Bed', 'Mill']);
  await hall.read(0, 90);
  await hall.read(1, 90);
  const [mill, bed] = (await hall.ids()) as [string, string];
  await give(ACKNOWLEDGE, hall.admin, { id: mill });
  clock.nowMs += 298_000;
  await evaluator.refresh();
  expect(await transitionsOf(hall.admin, bed)).toBe('RAISED');
  clock.nowMs += 1_000;
  await evaluator.refresh();
  const query = 'query ($id: ID!) { alert(id: $id) { status escalatedAt escalationLevel } }';
  expect(await give(query, hall.admin, { id: bed })).toEqual({
    alert: { status: 'ESCALATED', escalatedAt: new Date(clock.nowMs).toISOString(), escalationLevel: 1 },
  });
  clock.nowMs += 3_600_000;
  await evaluator.refresh();
  expect(await transitionsOf(hall.admin, bed)).toBe('RAISED ESCALATED');
  expect(await transitionsOf(hall.admin, mill)).toBe('RAISED ACKNOWLEDGED');
  await give(ACKNOWLEDGE, hall.admin, { id: bed });
  expect((await historyOf(hall.admin, bed)).status).toBe('ACKNOWLEDGED');
});

const SILENCE = 'mutation ($input: SilenceInput!) { createSilence(input: $input) { id from to reason filter createdBy { id } } }';
const inMs = (ms: number) => new Date(clock.nowMs + ms).toISOString();

it('silences what matches while a silence lasts: recorded, not escalated, and heard of again when it ends', async () => {
  const { read, ids, admin, assetId } = await aHall(['Bed', 'Mill']);
  const input = { filter: { assetId, severities: ['HIGH'] }, to: inMs(3_600_000), reason: 'Maintenance' };
  const { createSilence } = await give<{ createSilence: { id: string; filter: object } }>(SILENCE, admin, { input });
  expect(createSilence).toMatchObject({ reason: 'Maintenance', filter: input.filter, createdBy: { id: admin.subject!.id }, from: inMs(0) });
  await evaluator.refresh();
  await read(0, 90);
  await read(1, 90);
  const seen = async () =>
    (
      await give<{ alerts: { nodes: { silenced: boolean; status: string }[] } }>(
        '{ alerts(orderBy: OLDEST) { nodes { silenced status } } }',
        admin,
      )
    ).alerts.nodes;
  expect((await seen()).map(({ silenced }) => silenced)).toEqual([false, true]);
  clock.nowMs += 300_000;
  await evaluator.refresh();
  expect((await seen()).map(({ status }) => status)).toEqual(['ESCALATED', 'TRIGGERED']);
  const count = async (args: string) =>
    (await give<{ silences: { totalCount: number } }>(`{ silences${args} { totalCount } }`, admin)).silences.totalCount;
  expect([await count('(active: true)'), await count('(active: false)'), await count('')]).toEqual([1, 0, 1]);
  await give('mutation ($id: ID!) { endSilence(id: $id) { to } }', admin, { id: createSilence.id });
  expect([await count('(active: true)'), await count('(active: false)')]).toEqual([0, 1]);
  await evaluator.refresh();
  expect((await seen()).map(({ silenced }) => silenced)).toEqual([false, false]);
  const mill = (await ids())[0]!;
  expect((await historyOf(admin, mill)).history.map(({ transition, note }) => [transition, note])).toEqual([
    ['RAISED', null],
    ['UNSILENCED', 'Nothing silences it any more.'],
  ]);
  clock.nowMs += 300_000;
  await evaluator.refresh();
  expect((await seen()).map(({ status }) => status)).toEqual(['ESCALATED', 'ESCALATED']);
  // A planned one begins and ends by the clock.
  const planned = { filter: { kinds: ['THRESHOLD_EXCEEDED'] }, from: inMs(10_000), to: inMs(20_000), reason: 'Test' };
  await give(SILENCE, admin, { input: planned });
  await evaluator.refresh();
  expect(await transitionsOf(admin, mill)).toBe('RAISED UNSILENCED ESCALATED');
  clock.nowMs += 10_000;
  await evaluator.refresh();
  expect((await historyOf(admin, mill)).history.at(-1)).toMatchObject({ transition: 'SILENCED', note: 'Test' });
  clock.nowMs += 10_000;
  await evaluator.refresh();
  expect(await transitionsOf(admin, mill)).toBe('RAISED UNSILENCED ESCALATED SILENCED UNSILENCED');
});

it('refuses a silence that is endless, pointless or not permitted', async () => {
  const { admin, as, assetId, patientId } = await aHall();
  const { admin: stranger } = await aHall();
  const valid = { filter: { assetId }, to: inMs(60_000), reason: 'r' };
  const refusals: [object, string][] = [
    [{ filter: {} }, 'input.filter'],
    [{ filter: { assetId, statuses: ['TRIGGERED'] } }, 'input.filter.statuses'],
    [{ filter: { raisedTo: inMs(0) } }, 'input.filter.raisedFrom'],
    [{ to: inMs(-1) }, 'input.to'],
    [{ from: inMs(60_000) }, 'input.to'],
    [{ to: inMs(400 * 86_400_000) }, 'input.to'],
    [{ reason: ' ' }, 'input.reason'],
  ];
  for (const [over, path] of refusals) {
    const { errors } = await askSubgraph(alerts, SILENCE, { viewer: admin, variables: { input: { ...valid, ...over } } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path });
  }
  expect(await codeOf(SILENCE, null, { input: valid })).toBe('UNAUTHENTICATED');
  expect(await codeOf(SILENCE, as('VIEWER'), { input: valid })).toBe('FORBIDDEN');
  expect(await codeOf(SILENCE, as('OPERATOR'), { input: { ...valid, filter: { patientId } } })).toBe('FORBIDDEN');
  expect(await codeOf(SILENCE, stranger, { input: valid })).toBe('NOT_FOUND');
  const { createSilence } = await give<{ createSilence: { id: string } }>(SILENCE, admin, { input: valid });
  for (const id of [createSilence.id, 'no-uuid']) {
    expect(await codeOf('mutation ($id: ID!) { endSilence(id: $id) { id } }', stranger, { id })).toBe('NOT_FOUND');
  }
});

it('mutes what the metrics of an offline device say, until it is back', async () => {
  const { admin, devices, read } = await aHall();
  await read(0, 90);
  const [hot] = await idsOf(admin);
  const connect = async (connectivity: 'ONLINE' | 'OFFLINE') => {
    const { organizationId } = admin;
    await projection.waitFor(
      source.push(put('connectivity', { deviceId: devices[0]!.id, organizationId, connectivity, sinceMs: clock.nowMs })),
      5_000,
    );
    await evaluator.refresh();
  };
  await connect('OFFLINE');
  expect((await historyOf(admin, hot!)).history.at(-1)).toMatchObject({ transition: 'SILENCED', note: 'The device is offline.' });
  expect(await idsOf(admin)).toHaveLength(2);
  await connect('ONLINE');
  expect(await transitionsOf(admin, hot!)).toBe('RAISED SILENCED UNSILENCED');
});

const RULE = {
  name: 'R',
  severity: 'LOW',
  target: { labels: { line: '1' } },
  condition: { threshold: { metric: 'temperature', above: 50 } },
};
const CREATE = 'mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id version } }';

it('opens to each role what the table of permissions says, and to strangers nothing', async () => {
  const { as, id, admin } = await anOpenAlert();
  const { createAlertRule: rule } = await give<{ createAlertRule: { id: string } }>(CREATE, admin, { input: RULE });
  const update = 'mutation ($id: ID!, $input: AlertRuleInput!) { updateAlertRule(id: $id, input: $input, expectedVersion: -1) { id } }';
  const operations: { permits: readonly Role[]; query: string; variables?: Record<string, unknown>; else?: string }[] = [
    ...[
      'alerts { totalCount }',
      'alertRules { totalCount }',
      'deviceStatuses { totalCount }',
      'alertSummary { triggered }',
      `alert(id: "${id}") { id }`,
      `alertRule(id: "${rule.id}") { id }`,
    ].map((field) => ({ permits: ROLES, query: `{ ${field} }` })),
    {
      permits: ['ADMIN', 'ENGINEER', 'OPERATOR', 'CLINICIAN'],
      query: 'mutation ($id: ID!) { commentOnAlert(id: $id, text: "x") { id } }',
      variables: { id },
    },
    { permits: ['ADMIN', 'ENGINEER', 'OPERATOR', 'CLINICIAN'], query: ACKNOWLEDGE, variables: { id: randomUUID() }, else: 'NOT_FOUND' },
    { permits: ['ADMIN', 'ENGINEER', 'OPERATOR', 'CLINICIAN'], query: RESOLVE, variables: { id: randomUUID() }, else: 'NOT_FOUND' },
    { permits: ['ADMIN', 'ENGINEER'], query: CREATE, variables: { input: RULE } },
    { permits: ['ADMIN', 'ENGINEER'], query: update, variables: { id: rule.id, input: RULE }, else: 'CONFLICT' },
    {
      permits: ['ADMIN', 'ENGINEER'],
      query: 'mutation ($id: ID!) { setAlertRuleEnabled(id: $id, enabled: true) { id } }',
      variables: { id: rule.id },
    },
    {
      permits: ['ADMIN', 'ENGINEER'],
      query: 'mutation ($id: ID!) { deleteAlertRule(id: $id) }',
      variables: { id: randomUUID() },
      else: 'NOT_FOUND',
    },
  ];
  for (const { permits, query, variables, else: expected } of operations) {
    expect([query, await codeOf(query, null, variables)]).toEqual([query, 'UNAUTHENTICATED']);
    for (const role of ROLES) {
      expect([query, role, await codeOf(query, as(role), variables)]).toEqual([
        query,
        role,
        permits.includes(role) ? expected : 'FORBIDDEN',
      ]);
    }
  }
});

it('answers for another organization as for nobody', async () => {
  const hall = await anOpenAlert();
  const { createAlertRule: rule } = await give<{ createAlertRule: { id: string } }>(CREATE, hall.admin, { input: RULE });
  const { admin: stranger } = await aHall();
  const input = (over: object) => ({ input: { ...RULE, ...over } });
  for (const [mine, theirs] of [
    [hall.id, randomUUID()],
    [hall.id, 'no-uuid'],
  ] as const) {
    for (const query of [HISTORY, ACKNOWLEDGE, RESOLVE, 'mutation ($id: ID!) { commentOnAlert(id: $id, text: "x") { id } }']) {
      const [foreign, free] = await Promise.all(
        [mine, theirs].map((id) => askSubgraph(alerts, query, { viewer: stranger, variables: { id } })),
      );
      expect(foreign!.errors.map(({ message }) => message)).toEqual(['No such alert.']);
      expect(foreign!.errors).toEqual(free!.errors);
    }
  }
  for (const [query, variables] of [
    ['query ($id: ID!) { alertRule(id: $id) { id } }', { id: rule.id }],
    ['mutation ($id: ID!) { setAlertRuleEnabled(id: $id, enabled: false) { id } }', { id: rule.id }],
    ['mutation ($id: ID!) { deleteAlertRule(id: $id) }', { id: rule.id }],
    ['query ($id: ID!) { alerts(filter: { assetId: $id }) { totalCount } }', { id: hall.assetId }],
    ['query ($id: ID!) { alerts(filter: { patientId: $id }) { totalCount } }', { id: hall.patientId }],
    ['query ($id: ID!) { alerts(filter: { deviceIds: [$id] }) { totalCount } }', { id: hall.devices[0]!.id }],
    ['query ($id: ID!) { deviceStatuses(assetId: $id) { totalCount } }', { id: hall.assetId }],
    [CREATE, input({ target: { assetId: hall.assetId } })],
    [CREATE, input({ target: { deviceIds: [hall.devices[0]!.id] } })],
  ] as const) {
    expect([query, await codeOf(query, stranger, variables)]).toEqual([query, 'NOT_FOUND']);
  }
  const seen = await give<object>('{ alerts { totalCount } deviceStatuses { totalCount } alertSummary { triggered } }', stranger);
  expect(seen).toEqual({ alerts: { totalCount: 0 }, deviceStatuses: { totalCount: 1 }, alertSummary: { triggered: 0 } });
});

it('names the patient only to those who may know', async () => {
  const { as, id, patientId, devices } = await anOpenAlert();
  const query = 'query ($id: ID!) { alert(id: $id) { deviceName patient { id alerts { nodes { id } } openSeverity } } }';
  const known = { deviceName: devices[0]!.name, patient: { id: patientId, alerts: { nodes: [{ id }] }, openSeverity: 'HIGH' } };
  expect(await give(query, as('CLINICIAN'), { id })).toEqual({ alert: known });
  expect(await give(query, as('OPERATOR'), { id })).toEqual({ alert: { ...known, patient: null } });
  const filtered = 'query ($id: ID!) { alerts(filter: { patientId: $id }) { totalCount } }';
  expect(await codeOf(filtered, as('OPERATOR'), { id: patientId })).toBe('FORBIDDEN');
  expect(await give(filtered, as('CLINICIAN'), { id: patientId })).toEqual({ alerts: { totalCount: 1 } });
  const entity = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { openSeverity } } }';
  expect(await codeOf(entity, as('OPERATOR'), { r: [{ __typename: 'Patient', id: patientId }] })).toBe('FORBIDDEN');
});

const OVER_50 = { threshold: { metric: 'temperature', above: 50 } };

it('gives back every kind of condition as it was given, and says it in words', async () => {
  const { admin } = await aHall();
  const create = `mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { summary condition {
    ...leaf all { ...leaf any { ...leaf } } any { ...leaf } } } }
    fragment leaf on Condition { threshold { metric above below for hysteresis clearAfter } rateOfChange { metric perMinuteAbove over }
      offline { metric after } trend { metric reaches within over } earlyWarningScore { score singleParameter validFor } anomaly { metric sensitivity } }`;
  const given: [condition: object, summary: string, back?: object][] = [
    [
      { threshold: { metric: 'temperature', above: 85.5, below: 15, for: 'PT1M30S', hysteresis: 0, clearAfter: 'PT0S' } },
      'Temperature above 85.5 °C or below 15 °C for 1 min 30 s',
    ],
    [
      { rateOfChange: { metric: 'temperature', perMinuteAbove: 2, over: 'PT5M' } },
      'Temperature changing by more than 2 °C per min over 5 min',
    ],
    [{ offline: { metric: 'temperature', after: 'PT1H' } }, 'Temperature missing for 1 h'],
    [{ anomaly: { metric: 'temperature', sensitivity: 'HIGH' } }, 'Temperature unlike its past (high sensitivity)'],
    [
      { trend: { metric: 'temperature', reaches: 85, within: 'PT30M', over: 'PT2H' } },
      'Temperature reaching 85 °C within 30 min, by its trend over 2 h',
    ],
    [
      { earlyWarningScore: { score: 7, singleParameter: false, validFor: 'PT4H' } },
      'NEWS2 of 7 or more (decision aid, not a medical device)',
    ],
    [
      { all: [OVER_50, { any: [{ offline: {} }, { rateOfChange: { metric: 'temperature', perMinuteAbove: 1 } }] }] },
      'Temperature above 50 °C, and (Device offline, or Temperature changing by more than 1 °C per min over 1 min)',
      {
        all: [
          { threshold: { ...OVER_50.threshold, below: null, for: 'PT0S', hysteresis: 0, clearAfter: 'PT0S' } },
          {
            any: [{ offline: { metric: null, after: null } }, { rateOfChange: { metric: 'temperature', perMinuteAbove: 1, over: 'PT1M' } }],
          },
        ],
      },
    ],
  ];
  for (const [condition, summary, back = condition] of given) {
    const { createAlertRule: rule } = await give<{ createAlertRule: { summary: string; condition: object } }>(create, admin, {
      input: { ...RULE, condition },
    });
    expect(rule.summary).toBe(summary);
    expect(withoutNulls(rule.condition)).toEqual(withoutNulls(back));
  }
});
function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, part: unknown) => (part === null ? undefined : part)));
}

it('refuses rules that make no sense, naming the place', async () => {
  const { admin, devices } = await aHall();
  const refusals: [object, string][] = [
    [{ name: ' ' }, 'input.name'],
    [{ target: {} }, 'input.target'],
    [{ target: { deviceIds: [] } }, 'input.target.deviceIds'],
    [{ target: { labels: { line: 1 } } }, 'input.target.labels.line'],
    [{ condition: {} }, 'input.condition'],
    [{ condition: { threshold: { metric: 'temperature', above: 1 }, offline: {} } }, 'input.condition'],
    [{ condition: { threshold: { metric: 'temperature' } } }, 'input.condition.threshold.above'],
    [{ condition: { threshold: { metric: 'temperature', above: 10, below: 20 } } }, 'input.condition.threshold.below'],
    [{ condition: { threshold: { metric: 'temperature', above: 10, hysteresis: -1 } } }, 'input.condition.threshold.hysteresis'],
    [{ condition: { threshold: { metric: 'temperature', above: 20, below: 10, hysteresis: 6 } } }, 'input.condition.threshold.hysteresis'],
    [{ condition: { threshold: { metric: 'luck', above: 10 } } }, 'input.condition.threshold.metric'],
    [
      { target: { deviceIds: [devices[0]!.id] }, condition: { threshold: { metric: 'luck', above: 10 } } },
      'input.condition.threshold.metric',
    ],
    [{ condition: { offline: { after: 'PT0.5S' } } }, 'input.condition.offline.after'],
    [{ condition: { rateOfChange: { metric: 'temperature', perMinuteAbove: 0 } } }, 'input.condition.rateOfChange.perMinuteAbove'],
    [{ condition: { trend: { metric: 'temperature', reaches: 1, within: 'PT0S' } } }, 'input.condition.trend.within'],
    [{ condition: { earlyWarningScore: { score: 21 } } }, 'input.condition.earlyWarningScore.score'],
    [{ condition: { all: [OVER_50] } }, 'input.condition.all'],
    [{ condition: { any: [OVER_50, { threshold: { metric: 'luck', above: 1 } }] } }, 'input.condition.any[1].threshold.metric'],
    [
      { condition: { any: [OVER_50, { all: [OVER_50, { any: [OVER_50, { all: [OVER_50, OVER_50] }] }] }] } },
      'input.condition.any[1].all[1].any[1].all',
    ],
  ];
  for (const [over, path] of refusals) {
    const { errors } = await askSubgraph(alerts, CREATE, { viewer: admin, variables: { input: { ...RULE, ...over } } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path });
  }
  const negative = { input: { ...RULE, condition: { threshold: { metric: 'temperature', above: 1, for: '-PT1S' } } } };
  expect(await codeOf(CREATE, admin, negative)).toBe('BAD_USER_INPUT');
});

it('lets the first of two editors of a rule win', async () => {
  const { admin, id, devices } = await anOpenAlert();
  const { alert } = await give<{ alert: { rule: { id: string; version: number } } }>(
    'query ($id: ID!) { alert(id: $id) { rule { id version } } }',
    admin,
    { id },
  );
  const update =
    'mutation ($id: ID!, $input: AlertRuleInput!, $v: Int!) { updateAlertRule(id: $id, input: $input, expectedVersion: $v) { version origin summary firingCount } }';
  const condition = { threshold: { metric: 'temperature', above: 80, for: 'PT90S', hysteresis: 2, clearAfter: 'PT1M' } };
  const variables = {
    id: alert.rule.id,
    v: alert.rule.version,
    input: { ...RULE, condition, severity: 'CRITICAL', target: { deviceIds: [devices[0]!.id] } },
  };
  expect(await give(update, admin, variables)).toEqual({
    updateAlertRule: {
      version: alert.rule.version + 1,
      origin: 'USER',
      summary: 'Temperature above 80 °C for 1 min 30 s; clears 2 °C inside the limit after 1 min',
      firingCount: 1,
    },
  });
  expect(await codeOf(update, admin, variables)).toBe('CONFLICT');
  const after = await give<{ alert: { severity: string; history: { transition: string }[] } }>(
    'query ($id: ID!) { alert(id: $id) { severity history { transition } } }',
    admin,
    { id },
  );
  expect(after.alert).toEqual({ severity: 'CRITICAL', history: [{ transition: 'RAISED' }, { transition: 'SEVERITY_CHANGED' }] });
});

it('orders devices worst first, then by name, and pages through them', async () => {
  const { admin, read, devices, assetId } = await aHall(['Zinc bath', 'Mill', 'Oven', 'Amber', 'Mill 10', 'Mill 2']);
  const names = new Map(devices.map(({ id, name }) => [id, name]));
  const critical = { ...RULE, severity: 'CRITICAL', target: { deviceIds: [devices[4]!.id] } };
  await give(CREATE, admin, { input: critical });
  await evaluator.refresh();
  for (const index of [2, 4]) await read(index, 90);
  const page = async (args: string) => {
    const { deviceStatuses } = await give<{
      deviceStatuses: {
        nodes: { deviceId: string; openSeverity: string | null; openCount: number; worst: { severity: string } | null }[];
        totalCount: number;
        pageInfo: { hasNextPage: boolean; endCursor: string };
      };
    }>(
      `{ deviceStatuses${args} { nodes { deviceId openSeverity openCount worst { severity } } totalCount pageInfo { hasNextPage endCursor } } }`,
      admin,
    );
    return { ...deviceStatuses, nodes: deviceStatuses.nodes.map(({ deviceId, ...rest }) => ({ name: names.get(deviceId), ...rest })) };
  };
  const all = await page('');
  expect(all.nodes.map(({ name, openSeverity, openCount }) => [name, openSeverity, openCount])).toEqual([
    ['Mill 10', 'CRITICAL', 2],
    ['Oven', 'HIGH', 1],
    ['Amber', null, 0],
    ['Mill', null, 0],
    ['Mill 2', null, 0],
    ['Zinc bath', null, 0],
  ]);
  expect(all.nodes[0]!.worst).toEqual({ severity: 'CRITICAL' });
  const paged: (string | undefined)[] = [];
  for (let after = '', more = true; more;) {
    const { nodes, pageInfo } = await page(`(first: 2${after && `, after: "${after}"`})`);
    paged.push(...nodes.map(({ name }) => name));
    [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
  }
  expect(paged).toEqual(all.nodes.map(({ name }) => name));
  expect((await page('(search: "MILL")')).nodes.map(({ name }) => name)).toEqual(['Mill 10', 'Mill', 'Mill 2']);
  expect((await page(`(assetId: "${assetId}")`)).nodes.map(({ name }) => name)).not.toContain('Zinc bath');
  const summary = 'query ($id: ID) { alertSummary(assetId: $id) { bySeverity { severity count } triggered acknowledged escalated } }';
  expect(await give(summary, admin, { id: assetId })).toEqual({
    alertSummary: {
      bySeverity: [
        { severity: 'CRITICAL', count: 1 },
        { severity: 'HIGH', count: 2 },
        { severity: 'MEDIUM', count: 0 },
        { severity: 'LOW', count: 0 },
      ],
      triggered: 3,
      acknowledged: 0,
      escalated: 0,
    },
  });
});

it('filters, orders and pages alerts, and gives each device its own', async () => {
  const { admin, read, devices, assetId } = await aHall(['Bed', 'Mill', 'Oven']);
  for (const index of [0, 1, 2]) await read(index, 90 + index);
  await read(1, 20);
  const keys = async (args: string) =>
    (
      await give<{ alerts: { nodes: { deviceName: string }[]; totalCount: number } }>(
        `{ alerts(${args}) { nodes { deviceName } totalCount } }`,
        admin,
      )
    ).alerts;
  const names = async (args: string) => (await keys(args)).nodes.map(({ deviceName }) => deviceName).join(' ');
  expect(await names('orderBy: OLDEST')).toBe('Bed Mill Oven');
  expect(await names('first: 10')).toBe('Oven Mill Bed');
  expect(await names('filter: { statuses: [RESOLVED] }')).toBe('Mill');
  expect(await names('filter: { severities: [LOW] }')).toBe('');
  expect(await names('filter: { kinds: [THRESHOLD_EXCEEDED], search: "92 °" }')).toBe('Oven');
  expect(await names('filter: { search: "OVEN" }')).toBe('Oven');
  expect(await names('filter: { search: "%" }')).toBe('');
  expect(await names(`filter: { assetId: "${assetId}" }, orderBy: SEVERITY`)).toBe('Oven Mill');
  const from = new Date(clock.nowMs - 1_000).toISOString();
  expect(await names(`filter: { raisedFrom: "${from}" }`)).toBe('Oven');
  expect(await names(`filter: { raisedTo: "${from}" }`)).toBe('Mill Bed');
  expect((await keys('first: 1')).totalCount).toBe(3);
  expect(await codeOf('{ alerts(first: 0) { totalCount } }', admin)).toBe('BAD_USER_INPUT');
  expect(await codeOf('{ alerts(after: "bm9uZQ") { totalCount } }', admin)).toBe('BAD_USER_INPUT');
  for (const orderBy of ['NEWEST', 'OLDEST', 'SEVERITY']) {
    const paged: string[] = [];
    for (let after = '', more = true; more;) {
      const { alerts: page } = await give<{
        alerts: { nodes: { deviceName: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } };
      }>(
        `{ alerts(first: 1, orderBy: ${orderBy}${after && `, after: "${after}"`}) { nodes { deviceName } pageInfo { endCursor hasNextPage } } }`,
        admin,
      );
      paged.push(...page.nodes.map(({ deviceName }) => deviceName));
      [after, more] = [page.pageInfo.endCursor, page.pageInfo.hasNextPage];
    }
    expect(paged.join(' ')).toBe(await names(`orderBy: ${orderBy}`));
  }
  const entities =
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Device { openSeverity alerts(first: 5, filter: { statuses: [TRIGGERED] }) { nodes { deviceName } totalCount } } ... on Asset { openSeverity } } }';
  const representations = [...devices.map(({ id }) => ({ __typename: 'Device', id })), { __typename: 'Asset', id: assetId }];
  expect(await give(entities, admin, { r: representations })).toEqual({
    _entities: [
      { openSeverity: 'HIGH', alerts: { nodes: [{ deviceName: 'Bed' }], totalCount: 1 } },
      { openSeverity: null, alerts: { nodes: [], totalCount: 0 } },
      { openSeverity: 'HIGH', alerts: { nodes: [{ deviceName: 'Oven' }], totalCount: 1 } },
      { openSeverity: 'HIGH' },
    ],
  });
});

interface AlertChange {
  cursor: string;
  transition: string;
  alert: { id: string; status: string; deviceName: string; history: { transition: string }[] };
}
const CHANGES = `subscription ($after: Cursor, $filter: AlertFilter) { alertChanged(after: $after, filter: $filter) {
  cursor transition alert { id status deviceName history { transition } } } }`;

async function follow(viewer: Viewer | null, variables: Record<string, unknown> = {}) {
  const contextValue = alerts.createContext({ viewerHeader: viewer ? signedViewer(viewer) : undefined, requestId: 'request' });
  const result = await subscribe({ schema: alerts.schema, document: parse(CHANGES), contextValue, variableValues: variables });
  if (!(Symbol.asyncIterator in result)) return { code: (result.errors![0]!.originalError as { code?: string } | undefined)?.code };
  const events = result as AsyncGenerator<ExecutionResult>;
  const next = async (): Promise<AlertChange> => {
    const { value } = (await events.next()) as { value: ExecutionResult };
    const cause = value.errors?.[0];
    if (cause) throw cause.originalError ?? cause;
    return value.data!.alertChanged as AlertChange;
  };
  return { next, end: () => events.return(undefined) };
}
async function take(viewer: Viewer, count: number, variables: Record<string, unknown> = {}): Promise<AlertChange[]> {
  const feed = await follow(viewer, variables);
  const changes: AlertChange[] = [];
  for (; changes.length < count;) changes.push(await feed.next!());
  await feed.end!();
  return changes;
}

it('resumes alertChanged at any place without loss or repetition, each alert as it was then', async () => {
  const { admin, read, devices } = await aHall(['Bed', 'Oven']);
  const live = await follow(admin, { after: cursors.encode(admin.organizationId, { a: 0 }) });
  for (const [device, value] of [
    [0, 90],
    [1, 91],
    [0, 20],
    [1, 20],
    [1, 92],
    [0, 93],
  ] as const)
    await read(device, value);
  const all: AlertChange[] = [];
  while (all.length < 6) all.push(await live.next!());
  await live.end!();
  expect(
    all.map(
      ({ transition, alert }) =>
        `${transition} ${alert.deviceName} ${alert.status} ${alert.history.map((event) => event.transition).join('+')}`,
    ),
  ).toEqual([
    'RAISED Bed TRIGGERED RAISED',
    'RAISED Oven TRIGGERED RAISED',
    'RESOLVED Bed RESOLVED RAISED+RESOLVED',
    'RESOLVED Oven RESOLVED RAISED+RESOLVED',
    'REOPENED Oven TRIGGERED RAISED+RESOLVED+REOPENED',
    'REOPENED Bed TRIGGERED RAISED+RESOLVED+REOPENED',
  ]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 4 }), async (cut) => {
      expect(await take(admin, 5 - cut, { after: all[cut]!.cursor })).toEqual(all.slice(cut + 1));
    }),
    { numRuns: 10 },
  );
  const filter = { statuses: ['TRIGGERED'], deviceIds: [devices[0]!.id] };
  // Leaving the filter is heard too.
  const filtered = await take(admin, 2, { after: all[0]!.cursor, filter });
  expect(filtered.map(({ transition }) => transition)).toEqual(['RESOLVED', 'REOPENED']);
});

it('refuses subscriptions to strangers, and cursors of others or from before the replay window', async () => {
  const hall = await aHall();
  const { admin: stranger } = await aHall();
  await hall.read(0, 90);
  await hall.read(0, 20);
  const cursor = cursors.encode(hall.admin.organizationId, { a: 0 });
  expect((await take(hall.admin, 2, { after: cursor })).map(({ transition }) => transition)).toEqual(['RAISED', 'RESOLVED']);
  expect(await follow(null)).toEqual({ code: 'UNAUTHENTICATED' });
  expect(await follow(stranger, { after: cursor })).toEqual({ code: 'CURSOR_EXPIRED' });
  expect(await follow(stranger, { filter: { deviceIds: [hall.devices[0]!.id] } })).toEqual({ code: 'NOT_FOUND' });
  expect(await follow(hall.as('OPERATOR'), { filter: { patientId: hall.patientId } })).toEqual({ code: 'FORBIDDEN' });
  expect(await follow(hall.admin, { after: cursors.encode(hall.admin.organizationId, { a: 99 }) })).toEqual({ code: 'CURSOR_EXPIRED' });
  clock.nowMs += REPLAY_WINDOW_MS + 1;
  await eventually(async () => expect(await follow(hall.admin, { after: cursor })).toEqual({ code: 'CURSOR_EXPIRED' }));
});

it('lists alerts and devices while the devices subgraph is away', async () => {
  const hall = await anOpenAlert();
  source.failWith(new Error('devices is down'));
  try {
    await hall.read(0, 20);
    const seen = await give<object>(
      '{ alerts { nodes { status deviceKey deviceName device { id } } } deviceStatuses { nodes { deviceKey openCount } } }',
      hall.admin,
    );
    const { id, key, name } = hall.devices[0]!;
    expect(seen).toEqual({
      alerts: { nodes: [{ status: 'RESOLVED', deviceKey: key, deviceName: name, device: { id } }] },
      deviceStatuses: { nodes: [{ deviceKey: key, openCount: 0 }] },
    });
  } finally {
    source.failWith(null);
  }
});
