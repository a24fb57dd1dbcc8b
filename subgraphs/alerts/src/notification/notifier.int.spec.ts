import { createECDH, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { ROLES, type Contact, type Role, type Severity, type Viewer } from '@pulsegraph/contracts';
import { createMemoryEventLog, type EventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { createMailer, type Mailer } from '@pulsegraph/kit/mail';
import { createRegistryProjection, type RegistryProjection } from '@pulsegraph/kit/registry';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import {
  aDeviceEntry,
  aMetricEntry,
  anOrganizationEntry,
  aProfileEntry,
  aReading,
  aReadingsRecord,
  askSubgraph,
  aViewer,
  eventually,
  fakeRegistrySource,
  put,
  startReceiver,
  startSmtpServer,
  TEST_NOW_US,
  TEST_VIEWER_KEY,
  testDatabase,
  type TestReceiver,
  type TestSmtpServer,
} from '@pulsegraph/testkit';
import { Webhook } from 'standardwebhooks';
import { createAlertEvaluator, type AlertEvaluator } from '../alert-evaluator.js';
import { createAlertNotifier, type AlertNotifier } from '../alert-notifier.js';
import { createAlertsSubgraph } from '../alerts-subgraph.js';

// Hooks run in the order they stand: what is connected ends before its database does.
afterAll(async () => {
  await notifier?.stop();
  await evaluator?.stop();
  await log?.close();
  await projection?.stop();
  await Promise.all([alerts?.stop(), guarded?.stop()]);
  mailer?.close();
  await Promise.all([smtp?.stop(), ...receivers.map((receiver) => receiver.stop())]);
});
const database = testDatabase('alerts');
const bus = createInProcessBus();
const source = fakeRegistrySource();
const receivers: TestReceiver[] = [];
const contacts: Contact[] = [];
/** Of the evaluator; what leaves and comes back goes by the real one. */
const clock = { nowMs: TEST_NOW_US / 1_000 };
/** How far the notifier's clock is ahead: waits of minutes pass at once. */
let aheadMs = 0;
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const SMS = { from: '+15005550006', accountSid: `AC${'0'.repeat(32)}`, authToken: 'the-twilio-token' };
let projection: RegistryProjection;
let log: EventLog;
let evaluator: AlertEvaluator;
let alerts: Subgraph;
/** As in production: no addresses of our own network. */
let guarded: Subgraph;
let notifier: AlertNotifier;
let smtp: TestSmtpServer;
let mailer: Mailer;
let twilio: TestReceiver;

beforeAll(async () => {
  projection = createRegistryProjection({ source, bus, log: silentLog, pollMs: 10 });
  await projection.start();
  log = createMemoryEventLog();
  smtp = await startSmtpServer();
  mailer = createMailer(smtp.url, 'Pulsegraph <alerts@demo.test>', 400);
  twilio = await aReceiver();
  const common = { databaseUrl: database.url, bus, projection, log: silentLog, clock: () => clock.nowMs };
  const keys = { viewerKeys: [TEST_VIEWER_KEY], cursorKeys: [TEST_VIEWER_KEY] };
  const readingHistory = { read: () => Readable.from([]) };
  alerts = await createAlertsSubgraph({ ...common, ...keys, readingHistory, addresses: 'allow-private' });
  guarded = await createAlertsSubgraph({ ...common, ...keys, readingHistory });
  evaluator = createAlertEvaluator({ ...common, eventLog: log, tickMs: 25, reopenWithinMs: 60_000 });
  await evaluator.start();
  notifier = aNotifier();
  await notifier.start();
});

function aNotifier(): AlertNotifier {
  return createAlertNotifier({
    databaseUrl: database.url,
    log: silentLog,
    mailer,
    publicUrl: 'https://pulse.demo.test',
    users: { contactsOf: (_organizationId, ids) => Promise.resolve(contacts.filter(({ id }) => ids.includes(id))) },
    addresses: 'allow-private',
    twilioUrl: twilio.url,
    retries: { firstMs: 60, longestMs: 400, breakMs: 150, giveUpAfterMs: 60_000 },
    clock: () => Date.now() + aheadMs,
    answerDeadlineMs: 400,
    pollMs: 50,
  });
}

/** Time passes for the notifier, which is told so, as a timer would. */
async function later(ms: number): Promise<void> {
  aheadMs += ms;
  await database.rows('select wake_channel(id) from notification_channel where deleted_at is null');
}

async function aReceiver(port = 0): Promise<TestReceiver> {
  const receiver = await startReceiver(port);
  receivers.push(receiver);
  return receiver;
}

async function give<T>(query: string, viewer: Viewer, variables?: Record<string, unknown>, subgraph = alerts): Promise<T> {
  const { data, errors } = await askSubgraph<T>(subgraph, query, { viewer, variables });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!;
}
const refusalOf = async (query: string, viewer: Viewer | null, variables?: Record<string, unknown>, subgraph = alerts) => {
  const { errors } = await askSubgraph(subgraph, query, { viewer, variables });
  return { code: errors[0]?.extensions?.code, path: errors[0]?.extensions?.path };
};

const CREATE_CHANNEL =
  'mutation ($input: NotificationChannelInput!) { createNotificationChannel(input: $input) { id name kind enabled minSeverity settings } }';
const UPDATE_CHANNEL =
  'mutation ($id: ID!, $input: NotificationChannelInput!) { updateNotificationChannel(id: $id, input: $input) { id name settings } }';
const SAVE_POLICY = `mutation ($id: ID, $input: EscalationPolicyInput!) {
  saveEscalationPolicy(id: $id, input: $input) { id name steps { after channels { name } users { id } } } }`;
const CREATE_RULE = 'mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id escalationPolicy { name } } }';
const ACKNOWLEDGE = 'mutation ($id: ID!) { acknowledgeAlert(id: $id) { status } }';
const TEST = 'mutation ($id: ID!) { testNotificationChannel(id: $id) { status attempts lastError deliveredAt } }';
const NOTIFICATIONS = `query ($id: ID!) { alert(id: $id) { status escalationLevel notifications {
  status attempts lastError deliveredAt uncertain recipient channel { name kind } log { no outcome detail endedAt } } } }`;

interface Delivery {
  status: string;
  attempts: number;
  lastError: string | null;
  deliveredAt: string | null;
  uncertain: boolean;
  recipient: string | null;
  channel: { name: string; kind: string };
  log: { no: number; outcome: string | null; detail: string | null; endedAt: string | null }[];
}

interface Plant {
  admin: Viewer;
  as(role: Role): Viewer;
  channel(kind: string, settings: object, more?: { name?: string; minSeverity?: Severity; enabled?: boolean }): Promise<string>;
  webhook(receiver: TestReceiver, more?: object): Promise<string>;
  policy(steps: object[]): Promise<string>;
  rule(more?: object): Promise<string>;
  read(device: number, value: number): Promise<void>;
  /** Ids of the alerts of a device, newest first. */
  alertsOf(device: number): Promise<string[]>;
  deliveries(alertId: string): Promise<Delivery[]>;
}

/** An organization with ovens and a rule at 85 °C. */
async function aPlant(ovens = 1): Promise<Plant> {
  const organizationId = randomUUID();
  const as = (role: Role) => aViewer({ organizationId, organizationKey: `org-${organizationId.slice(0, 8)}`, role });
  const admin = as('ADMIN');
  const profile = aProfileEntry({ id: randomUUID(), organizationId, metrics: [aMetricEntry({ alertMin: null, alertMax: null })] });
  const devices = Array.from({ length: ovens }, (_, index) =>
    aDeviceEntry({ id: randomUUID(), organizationId, profileId: profile.id, name: `Oven ${index}`, key: `oven-${index}` }),
  );
  const revision = source.push(
    put('organization', anOrganizationEntry({ id: organizationId, key: admin.organizationKey })),
    put('profile', profile),
    ...devices.map((value) => put('device', value)),
  );
  await projection.waitFor(revision, 5_000);
  let names = 0;
  const plant: Plant = {
    admin,
    as,
    channel: async (kind, settings, more = {}) => {
      const input = { name: `${kind} ${names++}`, kind, settings, ...more };
      return (await give<{ createNotificationChannel: { id: string } }>(CREATE_CHANNEL, admin, { input })).createNotificationChannel.id;
    },
    webhook: (receiver, more = {}) => plant.channel('WEBHOOK', { url: `${receiver.url}/hook`, secret: SECRET, ...more }),
    policy: async (steps) => {
      const input = { name: `Policy ${names++}`, steps };
      return (await give<{ saveEscalationPolicy: { id: string } }>(SAVE_POLICY, admin, { input })).saveEscalationPolicy.id;
    },
    rule: async (more = {}) => {
      const input = {
        name: 'Too hot',
        severity: 'HIGH',
        target: { deviceIds: devices.map(({ id }) => id) },
        condition: { threshold: { metric: 'temperature', above: 85 } },
        ...more,
      };
      const { createAlertRule } = await give<{ createAlertRule: { id: string } }>(CREATE_RULE, admin, { input });
      await evaluator.refresh();
      return createAlertRule.id;
    },
    read: async (index, value) => {
      clock.nowMs += 1_000;
      const { id, key } = devices[index]!;
      const atUs = clock.nowMs * 1_000;
      const readings = [aReading({ recordedAtUs: atUs, value })];
      await log.append([aReadingsRecord({ organizationId, deviceId: id, deviceKey: key, receivedAtUs: atUs, readings })]);
    },
    alertsOf: async (index) => {
      const found = await give<{ alerts: { nodes: { id: string }[] } }>(
        'query ($id: ID!) { alerts(filter: { deviceIds: [$id] }) { nodes { id } } }',
        admin,
        { id: devices[index]!.id },
      );
      return found.alerts.nodes.map(({ id }) => id);
    },
    deliveries: async (id) => (await give<{ alert: { notifications: Delivery[] } }>(NOTIFICATIONS, admin, { id })).alert.notifications,
  };
  return plant;
}

/** A plant whose first oven is too hot, with the channels that were made before. */
async function raise(plant: Plant, rule: object = {}): Promise<string> {
  await plant.rule(rule);
  await plant.read(0, 90);
  return (await plant.alertsOf(0))[0]!;
}
const settled = (plant: Plant, alertId: string, count = 1) =>
  eventually(async () => {
    const deliveries = await plant.deliveries(alertId);
    expect(deliveries).toHaveLength(count);
    for (const { status } of deliveries) expect(['DELIVERED', 'FAILED', 'SUPPRESSED']).toContain(status);
    return deliveries;
  });
const bodyOf = ({ body }: { body: string }) =>
  JSON.parse(body) as { type: string; data: { alerts: Record<string, unknown>[]; link: string; mayBeRepeat: boolean } };
async function advance(ms: number): Promise<void> {
  clock.nowMs += ms;
  await evaluator.refresh();
}

describe('a webhook', () => {
  it('hears at once, signed, of an alert with value, unit, limit and link, and of its end', async () => {
    const plant = await aPlant();
    const receiver = await aReceiver();
    await plant.webhook(receiver);
    await plant.rule();
    await plant.read(0, 84);
    await plant.read(0, 90);
    const [id] = (await plant.alertsOf(0)) as [string];
    await eventually(() => expect(receiver.received).toHaveLength(1));
    const [raised] = receiver.received;
    expect(new Webhook(SECRET).verify(raised!.body, raised!.headers as Record<string, string>)).toMatchObject({
      type: 'alert.raised',
      data: {
        alerts: [
          {
            alertId: id,
            deviceKey: 'oven-0',
            severity: 'HIGH',
            value: 90,
            previousValue: 84,
            unit: '°C',
            threshold: 85,
            ruleName: 'Too hot',
          },
        ],
        link: `https://pulse.demo.test/alerts/${id}`,
        mayBeRepeat: false,
      },
    });
    await plant.read(0, 70);
    await eventually(() => expect(receiver.received).toHaveLength(2));
    expect(bodyOf(receiver.received[1]!).type).toBe('alert.resolved');
    expect(await settled(plant, id, 2)).toMatchObject([
      {
        status: 'DELIVERED',
        attempts: 1,
        lastError: null,
        uncertain: false,
        log: [{ no: 1, outcome: 'DELIVERED', detail: 'Answered 204.' }],
      },
      { status: 'DELIVERED', attempts: 1 },
    ]);
  });

  it('is tried again while it fails or throttles, under the same id, and hears once', async () => {
    const plant = await aPlant();
    const receiver = await aReceiver();
    const replies = [{ status: 503 }, { status: 429, headers: { 'retry-after': '1' } }];
    receiver.reply = () => replies.shift() ?? { status: 200 };
    await plant.webhook(receiver);
    const id = await raise(plant);
    const [delivery] = await settled(plant, id);
    expect(delivery).toMatchObject({ status: 'DELIVERED', attempts: 3, uncertain: false, lastError: null });
    expect(delivery!.log.map(({ outcome }) => outcome)).toEqual(['FAILED', 'FAILED', 'DELIVERED']);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(bodyOf(receiver.received[2]!).data.mayBeRepeat).toBe(false);
    // As long as it was asked to wait.
    const [, throttled, last] = delivery!.log;
    expect(Date.parse(last!.endedAt!) - Date.parse(throttled!.endedAt!)).toBeGreaterThanOrEqual(1_000);
  });

  it('that gives no answer is told again that it may be a repeat, and the log says so', async () => {
    const plant = await aPlant();
    const receiver = await aReceiver();
    const replies = ['hang', 'reset'] as const;
    receiver.reply = () => replies[receiver.received.length - 1] ?? { status: 200 };
    await plant.webhook(receiver);
    const id = await raise(plant);
    const [delivery] = await settled(plant, id);
    expect(delivery).toMatchObject({ status: 'DELIVERED', attempts: 3, uncertain: true });
    expect(delivery!.log.map(({ outcome }) => outcome)).toEqual(['NO_ANSWER', 'NO_ANSWER', 'DELIVERED']);
    expect(receiver.received.map((each) => bodyOf(each).data.mayBeRepeat)).toEqual([false, true, true]);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('that was down hears of all when it is back, after one message to see whether it is', async () => {
    const plant = await aPlant(8);
    const first = await aReceiver();
    await first.stop();
    await plant.webhook(first);
    await plant.rule();
    for (let oven = 0; oven < 8; oven++) await plant.read(oven, 90);
    const ids = (await Promise.all(Array.from({ length: 8 }, (_, oven) => plant.alertsOf(oven)))).map(([id]) => id!);
    // Left alone after five failures in a row: not every alert was tried again and again.
    await eventually(async () => {
      const rows = await database.rows<{ failures: number }>('select failures from notification_channel where organization_id = $1', [
        plant.admin.organizationId,
      ]);
      expect(rows[0]!.failures).toBeGreaterThanOrEqual(5);
    });
    const back = await aReceiver(first.port);
    for (const id of ids) expect(await settled(plant, id)).toMatchObject([{ status: 'DELIVERED', uncertain: false }]);
    expect(new Set(back.received.map((each) => bodyOf(each).data.alerts[0]!.alertId))).toEqual(new Set(ids));
    expect(back.received).toHaveLength(8);
  });

  it('that stays away is given up, and the log says so', async () => {
    const plant = await aPlant();
    const gone = await aReceiver();
    await gone.stop();
    await plant.webhook(gone);
    const id = await raise(plant);
    await eventually(async () => expect((await plant.deliveries(id))[0]!.attempts).toBeGreaterThan(1));
    await later(60_001);
    const [delivery] = await settled(plant, id);
    expect(delivery).toMatchObject({ status: 'FAILED', lastError: 'Gave up: Could not connect: ECONNREFUSED.', deliveredAt: null });
  });

  it('that refuses for good is not asked again', async () => {
    const plant = await aPlant();
    const receiver = await aReceiver();
    receiver.reply = () => ({ status: 410, body: 'gone' });
    await plant.webhook(receiver);
    expect(await settled(plant, await raise(plant))).toMatchObject([{ status: 'FAILED', attempts: 1, lastError: 'Answered 410: gone' }]);
    expect(receiver.received).toHaveLength(1);
  });
});

describe('e-mail', () => {
  const mailsTo = (address: string) => smtp.mails.filter(({ to }) => to.includes(address));
  afterEach(() => (smtp.mood = 'well'));

  it('reaches each recipient, keeps trying a busy server, and says whose mailbox does not exist', async () => {
    const plant = await aPlant();
    const [ada, bob] = [`ada-${randomUUID()}@demo.test`, `bob-${randomUUID()}@demo.test`];
    smtp.unknown.add(bob);
    smtp.mood = 'busy';
    await plant.channel('EMAIL', { to: [ada, bob] });
    const id = await raise(plant);
    await eventually(async () => {
      const [first] = (await plant.deliveries(id)).filter(({ recipient }) => recipient === ada);
      expect(first).toMatchObject({ status: 'RETRYING' });
      expect(first!.lastError).toContain('451');
    });
    smtp.mood = 'well';
    const deliveries = await settled(plant, id, 2);
    expect(deliveries.find(({ recipient }) => recipient === ada)).toMatchObject({ status: 'DELIVERED', uncertain: false });
    const bounced = deliveries.find(({ recipient }) => recipient === bob)!;
    expect(bounced).toMatchObject({ status: 'FAILED', attempts: 1 });
    expect(bounced.lastError).toContain('no such mailbox');
    expect(mailsTo(ada)).toHaveLength(1);
    const [mail] = mailsTo(ada);
    expect(mail!.subject).toBe('[HIGH] Oven 0: Temperature 90 °C, above the limit of 85 °C');
    expect(mail!.text).toContain(`https://pulse.demo.test/alerts/${id}`);
  });

  it('that failed together leaves together: after an outage one digest, not a flood', async () => {
    const plant = await aPlant(3);
    const ada = `ada-${randomUUID()}@demo.test`;
    await plant.channel('EMAIL', { to: [ada] });
    smtp.mood = 'busy';
    await plant.rule();
    for (const oven of [0, 1, 2]) await plant.read(oven, 95);
    const ids = (await Promise.all([0, 1, 2].map((oven) => plant.alertsOf(oven)))).map(([id]) => id!);
    await later(10_000);
    await eventually(async () => {
      const rows = await database.rows<{ times: string; held: string }>(
        'select count(distinct due_at) as times, count(held) as held from notification_delivery where alert_id = any($1)',
        [ids],
      );
      expect(rows).toEqual([{ times: '1', held: '3' }]);
    });
    smtp.mood = 'well';
    for (const id of ids) expect(await settled(plant, id)).toMatchObject([{ status: 'DELIVERED', uncertain: false }]);
    expect(mailsTo(ada).map(({ subject }) => subject)).toEqual(['[HIGH] 3 notifications']);
  });

  it('whose server falls silent comes again under the same message id, marked as a possible repeat', async () => {
    const plant = await aPlant();
    const ada = `ada-${randomUUID()}@demo.test`;
    smtp.mood = 'silent';
    await plant.channel('EMAIL', { to: [ada] });
    const id = await raise(plant);
    await eventually(() => expect(mailsTo(ada)).toHaveLength(1));
    smtp.mood = 'well';
    expect(await settled(plant, id)).toMatchObject([{ status: 'DELIVERED', uncertain: true }]);
    expect(new Set(mailsTo(ada).map(({ messageId }) => messageId)).size).toBe(1);
    expect(mailsTo(ada).at(-1)!.text).toContain('This may be a repeat');
  });

  it('comes once to a person whom two channels and the step name', async () => {
    const plant = await aPlant();
    const ada = { id: randomUUID(), name: 'Ada', email: `Ada-${randomUUID()}@demo.test` };
    const bea = { id: randomUUID(), name: 'Bea', email: `bea-${randomUUID()}@demo.test` };
    contacts.push(ada, bea);
    const first = await plant.channel('EMAIL', { to: [ada.email] });
    const second = await plant.channel('EMAIL', { to: [ada.email.toLowerCase()] });
    const escalationPolicyId = await plant.policy([{ after: 'PT0S', channelIds: [first, second], userIds: [ada.id, bea.id] }]);
    const deliveries = await settled(plant, await raise(plant, { escalationPolicyId }), 2);
    expect(deliveries.map(({ recipient }) => recipient).sort()).toEqual([ada.email.toLowerCase(), bea.email].sort());
    expect(mailsTo(bea.email)).toHaveLength(1);
    expect(mailsTo(ada.email.toLowerCase())).toHaveLength(1);
  });

  it('sends the first of a group at once and those that follow together', async () => {
    const plant = await aPlant(4);
    const ada = `ada-${randomUUID()}@demo.test`;
    await plant.channel('EMAIL', { to: [ada], groupSeconds: 60 });
    const id = await raise(plant);
    expect(await settled(plant, id)).toMatchObject([{ status: 'DELIVERED' }]);
    for (const oven of [1, 2, 3]) await plant.read(oven, 95);
    const [last] = (await plant.alertsOf(3)) as [string];
    await eventually(async () => expect((await plant.deliveries(last))[0]?.lastError).toContain('grouped with those before'));
    await later(60_001);
    await settled(plant, last);
    expect(mailsTo(ada).map(({ subject }) => subject)).toEqual([expect.stringContaining('Oven 0'), '[HIGH] 3 notifications']);
  });

  it('holds back what is above the rate, and what was resolved meanwhile stays unsaid in the digest', async () => {
    const plant = await aPlant(4);
    const ada = `ada-${randomUUID()}@demo.test`;
    await plant.channel('EMAIL', { to: [ada], groupSeconds: 0, rateLimit: { messages: 1, perSeconds: 60 } });
    await plant.rule();
    for (const oven of [0, 1, 2, 3]) await plant.read(oven, 95);
    const ids = (await Promise.all([0, 1, 2, 3].map((oven) => plant.alertsOf(oven)))).map(([id]) => id!);
    await eventually(async () => {
      for (const id of ids.slice(1)) expect((await plant.deliveries(id))[0]?.lastError).toContain('rate limit');
    });
    await plant.read(3, 70);
    await later(60_001);
    const outcomes = (await Promise.all(ids.map((id) => settled(plant, id)))).map(([delivery]) => delivery!.status);
    expect(outcomes).toEqual(['DELIVERED', 'DELIVERED', 'DELIVERED', 'SUPPRESSED']);
    expect(mailsTo(ada).map(({ subject }) => subject)).toEqual([expect.stringContaining('Oven 0'), '[HIGH] 2 notifications']);
  });
});

it('sends SMS through Twilio, and nothing more to who has answered STOP until a test goes through again', async () => {
  const plant = await aPlant();
  const to = `+49151${randomBytes(4).readUInt32BE().toString().padStart(10, '0').slice(0, 8)}`;
  const id = await plant.channel('SMS', { ...SMS, to: [to], groupSeconds: 0 });
  const sent = () => twilio.received.filter(({ body }) => new URLSearchParams(body).get('To') === to);
  twilio.reply = () => ({ status: 400, body: JSON.stringify({ code: 21_610, message: 'Attempt to send to unsubscribed recipient' }) });
  const first = await raise(plant);
  expect(await settled(plant, first)).toMatchObject([{ status: 'FAILED', attempts: 1, lastError: expect.stringContaining('STOP') }]);
  expect(sent()[0]).toMatchObject({
    path: `/2010-04-01/Accounts/${SMS.accountSid}/Messages.json`,
    headers: { authorization: `Basic ${Buffer.from(`${SMS.accountSid}:${SMS.authToken}`).toString('base64')}` },
  });
  expect(new URLSearchParams(sent()[0]!.body).get('Body')).toContain(`https://pulse.demo.test/alerts/${first}`);

  twilio.reply = () => ({ status: 201, body: '{}' });
  const again = async () => {
    await plant.read(0, 70);
    await advance(120_000);
    await plant.read(0, 90);
    return (await plant.alertsOf(0))[0]!;
  };
  expect(await settled(plant, await again())).toMatchObject([{ status: 'SUPPRESSED', attempts: 0 }]);
  expect(sent()).toHaveLength(1);
  expect(await give(TEST, plant.admin, { id })).toMatchObject({ testNotificationChannel: { status: 'DELIVERED' } });
  expect(await settled(plant, await again())).toMatchObject([{ status: 'DELIVERED' }]);
});

it('posts to Slack, and calls nobody by what a device is named', async () => {
  const plant = await aPlant();
  const receiver = await aReceiver();
  await plant.channel('SLACK', { url: `${receiver.url}/services/T/B/X`, template: { title: '<!channel> {device} {value} {unit}' } });
  expect(await settled(plant, await raise(plant))).toMatchObject([{ status: 'DELIVERED' }]);
  const message = JSON.parse(receiver.received[0]!.body) as { text: string; blocks: { text: { type: string; text: string } }[] };
  expect(message.text).toBe('&lt;!channel&gt; Oven 0 90 °C');
  expect(message.blocks.map(({ text }) => text.type)).toEqual(['plain_text', 'plain_text']);
});

it('pushes to the browsers of those who registered, and forgets one that has ended', async () => {
  const plant = await aPlant();
  const receiver = await aReceiver();
  const browser = createECDH('prime256v1');
  browser.generateKeys();
  const keys = { p256dh: browser.getPublicKey().toString('base64url'), auth: randomBytes(16).toString('base64url') };
  const REGISTER =
    'mutation ($endpoint: String!, $p256dh: String!, $auth: String!) { registerPushSubscription(endpoint: $endpoint, p256dh: $p256dh, auth: $auth) }';
  const endpoint = `${receiver.url}/push/1`;
  // Twice is once.
  for (let time = 0; time < 2; time++)
    expect(await give(REGISTER, plant.as('VIEWER'), { endpoint, ...keys })).toEqual({ registerPushSubscription: true });
  expect(await give<{ pushPublicKey: string }>('{ pushPublicKey }', plant.as('VIEWER'))).toEqual({
    pushPublicKey: expect.stringMatching(/^[\w-]{87}$/),
  });
  const id = await plant.channel('WEB_PUSH', { groupSeconds: 0 });
  const alertId = await raise(plant);
  expect(await settled(plant, alertId)).toMatchObject([{ status: 'DELIVERED' }]);
  expect(receiver.received[0]!.headers).toMatchObject({
    authorization: expect.stringMatching(/^vapid t=/),
    'content-encoding': 'aes128gcm',
    urgency: 'high',
  });
  receiver.reply = () => ({ status: 410 });
  expect(await give(TEST, plant.admin, { id })).toMatchObject({ testNotificationChannel: { status: 'FAILED' } });
  expect(await refusalOf(TEST, plant.admin, { id })).toMatchObject({ code: 'CONFLICT' });
  expect(await refusalOf(REGISTER, plant.as('VIEWER'), { endpoint, ...keys, auth: 'short' })).toEqual({
    code: 'BAD_USER_INPUT',
    path: 'auth',
  });
  const stored = await database.rows<{ text: string }>('select sealed as text from push_subscription');
  expect(JSON.stringify(stored)).not.toContain(keys.auth);
});

describe('escalation', () => {
  it('goes up the steps of the policy and stops where somebody acknowledges', async () => {
    const plant = await aPlant();
    const [first, second, third] = [await aReceiver(), await aReceiver(), await aReceiver()];
    const channels = [await plant.webhook(first), await plant.webhook(second), await plant.webhook(third)];
    const escalationPolicyId = await plant.policy(
      ['PT0S', 'PT2M', 'PT10M'].map((after, index) => ({ after, channelIds: [channels[index]] })),
    );
    const id = await raise(plant, { escalationPolicyId });
    await eventually(() => expect(first.received).toHaveLength(1));
    await advance(119_000);
    expect(second.received).toHaveLength(0);
    await advance(2_000);
    await eventually(() => expect(second.received).toHaveLength(1));
    expect(bodyOf(second.received[0]!)).toMatchObject({ type: 'alert.escalated', data: { alerts: [{ level: 1 }] } });
    await advance(479_000);
    await eventually(() => expect(third.received).toHaveLength(1));
    expect(await give(NOTIFICATIONS, plant.admin, { id })).toMatchObject({ alert: { status: 'ESCALATED', escalationLevel: 2 } });

    // The same again, with somebody who is on it after the first step.
    await plant.read(0, 70);
    await advance(120_000);
    await plant.read(0, 90);
    const [next] = (await plant.alertsOf(0)) as [string];
    await give(ACKNOWLEDGE, plant.admin, { id: next });
    await advance(3_600_000);
    expect(await settled(plant, next)).toMatchObject([{ status: 'DELIVERED', channel: { name: 'WEBHOOK 0' } }]);
    expect([second.received, third.received].map((calls) => calls.filter((each) => bodyOf(each).data.alerts[0]!.alertId === next))).toEqual(
      [[], []],
    );
  });

  it('stops retrying a step once somebody acknowledges', async () => {
    const plant = await aPlant();
    const receiver = await aReceiver();
    await plant.webhook(receiver);
    const id = await raise(plant);
    await settled(plant, id);
    receiver.reply = () => ({ status: 500 });
    await advance(301_000);
    await eventually(async () => expect((await plant.deliveries(id))[1]).toMatchObject({ status: 'RETRYING' }));
    await give(ACKNOWLEDGE, plant.admin, { id });
    expect((await settled(plant, id, 2))[1]).toMatchObject({
      status: 'SUPPRESSED',
      lastError: 'The alert was acknowledged before this step.',
    });
  });

  it('tells every channel once more after five minutes where the rule names no policy, and each raising anew', async () => {
    const plant = await aPlant();
    const receiver = await aReceiver();
    await plant.webhook(receiver);
    const id = await raise(plant);
    await advance(301_000);
    await eventually(() => expect(receiver.received.map((each) => bodyOf(each).type)).toEqual(['alert.raised', 'alert.escalated']));
    await advance(3_600_000);
    await plant.read(0, 70);
    await plant.read(0, 90);
    await settled(plant, id, 4);
    expect(receiver.received.map((each) => bodyOf(each).type)).toEqual([
      'alert.raised',
      'alert.escalated',
      'alert.resolved',
      'alert.raised',
    ]);
  });

  it('refuses steps that make no sense, naming the place', async () => {
    const plant = await aPlant();
    const channelId = await plant.webhook(await aReceiver());
    const save = (input: object, id?: string, viewer = plant.admin) => refusalOf(SAVE_POLICY, viewer, { id, input });
    const step = (after: string, more: object = {}) => ({ after, channelIds: [channelId], ...more });
    expect(await save({ name: 'x', steps: [] })).toEqual({ code: 'BAD_USER_INPUT', path: 'input.steps' });
    expect(await save({ name: ' ', steps: [step('PT0S')] })).toEqual({ code: 'BAD_USER_INPUT', path: 'input.name' });
    expect(await save({ name: 'x', steps: [step('PT5M'), step('PT5M')] })).toEqual({
      code: 'BAD_USER_INPUT',
      path: 'input.steps[1].after',
    });
    expect(await save({ name: 'x', steps: [step('P8D')] })).toEqual({ code: 'BAD_USER_INPUT', path: 'input.steps[0].after' });
    expect(await save({ name: 'x', steps: [step('PT0S', { channelIds: [] })] })).toEqual({
      code: 'BAD_USER_INPUT',
      path: 'input.steps[0].channelIds',
    });
    expect(await save({ name: 'x', steps: [step('PT0S', { userIds: ['nobody'] })] })).toEqual({
      code: 'BAD_USER_INPUT',
      path: 'input.steps[0].userIds[0]',
    });
    expect(await save({ name: 'x', steps: [step('PT0S', { channelIds: [randomUUID()] })] })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await save({ name: 'x', steps: [step('PT0S')] }, randomUUID())).toMatchObject({ code: 'NOT_FOUND' });
    const other = await aPlant();
    expect(await save({ name: 'x', steps: [step('PT0S')] }, undefined, other.admin)).toMatchObject({ code: 'NOT_FOUND' });
    const id = await plant.policy([step('PT0S')]);
    expect(await save({ name: 'x', steps: [step('PT0S')] }, id, other.admin)).toMatchObject({ code: 'NOT_FOUND' });
    const rule = { name: 'x', severity: 'LOW', target: { labels: { a: 'b' } }, condition: { offline: {} } };
    expect(await refusalOf(CREATE_RULE, other.admin, { input: { ...rule, escalationPolicyId: id } })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await give(CREATE_RULE, plant.admin, { input: { ...rule, escalationPolicyId: id } })).toMatchObject({
      createAlertRule: { escalationPolicy: { name: expect.stringContaining('Policy') } },
    });
  });
});

it('tells nobody of what is silenced, and tells them when the silence ends', async () => {
  const plant = await aPlant();
  const receiver = await aReceiver();
  await plant.webhook(receiver);
  await plant.rule();
  const { createSilence } = await give<{ createSilence: { id: string } }>(
    'mutation ($input: SilenceInput!) { createSilence(input: $input) { id } }',
    plant.admin,
    { input: { filter: { severities: ['HIGH'] }, to: new Date(clock.nowMs + 3_600_000), reason: 'maintenance' } },
  );
  await evaluator.refresh();
  await plant.read(0, 90);
  const [id] = (await plant.alertsOf(0)) as [string];
  await advance(400_000);
  expect(await plant.deliveries(id)).toEqual([]);
  await give('mutation ($id: ID!) { endSilence(id: $id) { id } }', plant.admin, { id: createSilence.id });
  await advance(1_000);
  expect(await settled(plant, id)).toMatchObject([{ status: 'DELIVERED' }]);
  expect(receiver.received).toHaveLength(1);
});

it('spares a channel what is below its severity, and one that is disabled everything', async () => {
  const plant = await aPlant();
  const [all, worst, off] = [await aReceiver(), await aReceiver(), await aReceiver()];
  await plant.webhook(all);
  await plant.channel('WEBHOOK', { url: worst.url, secret: SECRET }, { minSeverity: 'CRITICAL' });
  await plant.channel('WEBHOOK', { url: off.url, secret: SECRET }, { enabled: false });
  const id = await raise(plant);
  await settled(plant, id);
  expect([all, worst, off].map(({ received }) => received.length)).toEqual([1, 0, 0]);
});

it('adds nothing when the same job runs again, nor loses one that a dead notifier held', async () => {
  const plant = await aPlant();
  const receiver = await aReceiver();
  await plant.webhook(receiver);
  await notifier.stop();
  const id = await raise(plant);
  // As if a notifier had taken the job, begun to send, and been killed.
  await database.rows(`update alerts_jobs._private_jobs set locked_at = now() - interval '10 seconds', locked_by = 'worker-of-the-dead'`);
  const payload = { transitions: [{ alertId: id, transition: 'RAISED', no: 1, level: 0 }] };
  await database.rows('select plan_notifications($1)', [JSON.stringify(payload)]);
  await database.rows('select plan_notifications($1)', [JSON.stringify(payload)]);
  notifier = aNotifier();
  await notifier.start();
  await settled(plant, id);
  await eventually(async () =>
    expect(await database.rows('select 1 from alerts_jobs._private_jobs where locked_by is not null')).toEqual([]),
  );
  expect(receiver.received).toHaveLength(1);
});

describe('channels', () => {
  it('give secrets back masked, keep them sealed, and keep them when they come back masked', async () => {
    const plant = await aPlant();
    const receiver = await aReceiver();
    const id = await plant.webhook(receiver);
    const input = { name: 'Renamed', kind: 'WEBHOOK', settings: { url: `${receiver.url}/new`, secret: '••••••••' } };
    const { updateNotificationChannel } = await give<{ updateNotificationChannel: object }>(UPDATE_CHANNEL, plant.admin, { id, input });
    expect(updateNotificationChannel).toEqual({ id, name: 'Renamed', settings: { url: `${receiver.url}/new`, secret: '••••••••' } });
    expect(JSON.stringify(await database.rows('select * from notification_channel where id = $1', [id]))).not.toContain(SECRET.slice(6));
    await raise(plant);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    const [call] = receiver.received;
    expect(call!.path).toBe('/new');
    expect(() => new Webhook(SECRET).verify(call!.body, call!.headers as Record<string, string>)).not.toThrow();
  });

  it('answer a test with what became of it', async () => {
    const plant = await aPlant();
    const receiver = await aReceiver();
    const id = await plant.webhook(receiver, { quietHours: { from: '00:00', to: '23:59', timeZone: 'UTC' } });
    expect(await give(TEST, plant.admin, { id })).toMatchObject({ testNotificationChannel: { status: 'DELIVERED', attempts: 1 } });
    expect(bodyOf(receiver.received[0]!).type).toBe('test');
    receiver.reply = () => ({ status: 500, body: 'broken' });
    clock.nowMs += 1_000;
    expect(await give(TEST, plant.admin, { id })).toEqual({
      testNotificationChannel: { status: 'FAILED', attempts: 1, lastError: 'Gave up: Answered 500: broken', deliveredAt: null },
    });
    const LOG =
      '{ notificationChannels { totalCount nodes { deliveries(first: 1) { totalCount nodes { status } pageInfo { hasNextPage } } } } }';
    expect(await give(LOG, plant.admin)).toEqual({
      notificationChannels: {
        totalCount: 1,
        nodes: [{ deliveries: { totalCount: 2, nodes: [{ status: 'FAILED' }], pageInfo: { hasNextPage: true } } }],
      },
    });
  });

  it('refuse settings that cannot work, naming the place', async () => {
    const plant = await aPlant();
    const hook = { url: 'https://hooks.example.org/x', secret: SECRET };
    const refusal = (kind: string, settings: object, more: object = {}) =>
      refusalOf(CREATE_CHANNEL, plant.admin, { input: { name: randomUUID(), kind, settings, ...more } }, guarded);
    const at = (path: string) => ({ code: 'BAD_USER_INPUT', path: `input.${path}` });
    expect(await refusal('EMAIL', { to: [] })).toEqual(at('settings.to'));
    expect(await refusal('EMAIL', { to: ['ada'] })).toEqual(at('settings.to[0]'));
    expect(await refusal('EMAIL', { to: ['ada@demo.test'], cc: [] })).toEqual(at('settings'));
    expect(await refusal('SMS', { ...SMS, to: ['0151'] })).toEqual(at('settings.to[0]'));
    expect(await refusal('SMS', { to: ['+4915112345678'], from: SMS.from, accountSid: SMS.accountSid })).toEqual(at('settings.authToken'));
    expect(await refusal('WEBHOOK', { ...hook, secret: 'short' })).toEqual(at('settings.secret'));
    expect(await refusal('WEBHOOK', { ...hook, secret: '••••••••' })).toEqual(at('settings.secret'));
    expect(await refusal('WEBHOOK', { ...hook, groupSeconds: -1 })).toEqual(at('settings.groupSeconds'));
    expect(await refusal('WEBHOOK', { ...hook, template: { text: '{nothing}' } })).toEqual(at('settings.template.text'));
    const quietHours = { from: '22:00', to: '07:00', timeZone: 'Europe/Atlantis' };
    expect(await refusal('WEBHOOK', { ...hook, quietHours })).toEqual(at('settings.quietHours.timeZone'));
    expect(await refusal('WEBHOOK', { ...hook, quietHours: { ...quietHours, from: '25:00' } })).toEqual(at('settings.quietHours.from'));
    expect(await refusal('WEBHOOK', hook, { name: ' ' })).toEqual(at('name'));
    for (const url of [
      'http://hooks.example.org/x',
      'https://user:password@hooks.example.org',
      'https://127.0.0.1/x',
      'https://localhost/x',
      'https://169.254.169.254/latest/meta-data',
      'https://10.0.0.8/x',
      'https://[::1]/x',
      'https://[::ffff:10.0.0.8]/x',
      'https://0x7f000001/x',
      'https://db.internal/x',
      'ftp://hooks.example.org',
    ]) {
      expect([url, await refusal('WEBHOOK', { ...hook, url })]).toEqual([url, at('settings.url')]);
    }
    const created = await give<{ createNotificationChannel: { id: string } }>(
      CREATE_CHANNEL,
      plant.admin,
      { input: { name: 'One', kind: 'WEBHOOK', settings: hook } },
      guarded,
    );
    expect(await refusal('WEBHOOK', hook, { name: 'one' })).toEqual(at('name'));
    const { id } = created.createNotificationChannel;
    const input = { name: 'Two', kind: 'SLACK', settings: { url: hook.url } };
    expect(await refusalOf(UPDATE_CHANNEL, plant.admin, { id, input })).toEqual(at('kind'));
  });

  it('belong to those who manage rules, in their own organization; others see neither address nor log of persons', async () => {
    const plant = await aPlant();
    const id = await plant.channel('EMAIL', { to: ['ada@demo.test'] });
    await plant.policy([{ after: 'PT5M', channelIds: [id] }]);
    const DELETE = 'mutation ($id: ID!) { deleteNotificationChannel(id: $id) }';
    const input = { name: 'New', kind: 'EMAIL', settings: { to: ['bea@demo.test'] } };
    const steps = [{ after: 'PT0S', channelIds: [id] }];
    for (const role of ROLES) {
      const may = role === 'ADMIN' || role === 'ENGINEER';
      for (const [query, variables] of [
        [CREATE_CHANNEL, { input: { ...input, name: role } }],
        [UPDATE_CHANNEL, { id, input: { ...input, name: `${role} 2` } }],
        [SAVE_POLICY, { input: { name: role, steps } }],
        [DELETE, { id }],
      ] as const) {
        const { code } = await refusalOf(query, plant.as(role), variables);
        expect([role, query, code]).toEqual([role, query, may ? (query === DELETE ? 'CONFLICT' : undefined) : 'FORBIDDEN']);
      }
      const LIST = '{ notificationChannels { nodes { name settings } } escalationPolicies { totalCount } }';
      const { notificationChannels } = await give<{ notificationChannels: { nodes: { settings: object }[] } }>(LIST, plant.as(role));
      expect(notificationChannels.nodes[0]!.settings).toEqual(may ? expect.objectContaining({ to: expect.any(Array) }) : {});
    }
    const other = await aPlant();
    for (const [query, variables] of [
      [UPDATE_CHANNEL, { id, input }],
      [TEST, { id }],
      [DELETE, { id }],
    ] as const) {
      expect(await refusalOf(query, other.admin, variables)).toMatchObject({ code: 'NOT_FOUND' });
      expect(await refusalOf(query, null, variables)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    expect(await give('{ notificationChannels { totalCount } escalationPolicies { totalCount } }', other.admin)).toEqual({
      notificationChannels: { totalCount: 0 },
      escalationPolicies: { totalCount: 0 },
    });
    const free = await other.channel('EMAIL', { to: ['ada@demo.test'] });
    expect(await give(DELETE, other.admin, { id: free })).toEqual({ deleteNotificationChannel: free });
    expect(await refusalOf(DELETE, other.admin, { id: free })).toMatchObject({ code: 'NOT_FOUND' });
  });
});
