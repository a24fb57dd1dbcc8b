import { randomUUID } from 'node:crypto';
import { busChannel, type ChangeWakeUp, type ConnectivityEntry, type LogRecord, type Viewer } from '@pulsegraph/contracts';
import { createMemoryEventLog, type EventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import {
  aReading,
  aReadingsRecord,
  askSubgraph,
  aStatusRecord,
  aViewer,
  eventually,
  TEST_INTERNAL_TOKEN,
  TEST_VIEWER_KEY,
  testDatabase,
} from '@pulsegraph/testkit';
import { createDevicesSubgraph, type DevicesSubgraph } from '../devices-subgraph.js';
import type { Clock } from './clock.js';

/** Time that stands still until it is told to go on; what is due then runs, in order. */
class ManualClock implements Clock {
  private readonly tasks = new Set<{ everyMs: number; dueMs: number; run: () => Promise<void> }>();
  constructor(private nowMs: number) {}
  now = () => this.nowMs;
  every(ms: number, run: () => Promise<void>) {
    const task = { everyMs: ms, dueMs: this.nowMs + ms, run };
    this.tasks.add(task);
    return () => {
      this.tasks.delete(task);
      return Promise.resolve();
    };
  }
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.tasks].sort((a, b) => a.dueMs - b.dueMs);
      if (!next || next.dueMs > untilMs) break;
      this.nowMs = next.dueMs;
      next.dueMs += next.everyMs;
      await next.run();
    }
    this.nowMs = untilMs;
  }
}

const database = testDatabase('devices');
const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
const bus = createInProcessBus();
const logs: EventLog[] = [];

/** An instance with a log of its own: as if it owned the partitions whose records it is given. */
async function anInstance() {
  const eventLog = createMemoryEventLog();
  logs.push(eventLog);
  const devices = await createDevicesSubgraph({
    databaseUrl: database.url,
    bus,
    eventLog,
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
    mqttPublicUrl: 'mqtt://broker.test:1883',
    edge: { accept: () => Promise.resolve(), revoke: () => Promise.resolve() },
    clock,
  });
  await devices.start();
  const instance = { devices, eventLog, stop: () => (instances.delete(instance), devices.stop()) };
  instances.add(instance);
  return instance;
}
const instances = new Set<{ devices: DevicesSubgraph; eventLog: EventLog; stop: () => Promise<void> }>();
afterEach(async () => {
  for (const instance of instances) await instance.stop();
  for (const log of logs.splice(0)) await log.close();
});

type Instance = Awaited<ReturnType<typeof anInstance>>;
async function give<T>({ devices }: Instance, query: string, viewer: Viewer, variables?: Record<string, unknown>): Promise<T> {
  const { data, errors } = await askSubgraph<T>(devices, query, { viewer, variables });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!;
}

/** Silent for 10 s means offline: longer than three intervals of 2 s. */
async function aFleet(instance: Instance, size = 1, offlineAfter = 'PT10S', expectedInterval = 'PT2S') {
  const fleet = await aFleetUnheardOf(instance, size, offlineAfter, expectedInterval);
  // The clock stands still meanwhile: however long the feed takes, no silence passes.
  await eventually(() => {
    for (const { devices } of instances) for (const id of fleet.ids) expect(devices.registry.device(id)).toBeDefined();
  });
  return fleet;
}

/** Registered, but connectivity may not have been told yet. */
async function aFleetUnheardOf(instance: Instance, size = 1, offlineAfter = 'PT10S', expectedInterval = 'PT2S') {
  const organizationId = randomUUID();
  const viewer = aViewer({ organizationId, organizationKey: `org-${organizationId.slice(0, 8)}` });
  const { createDeviceProfile } = await give<{ createDeviceProfile: { id: string } }>(
    instance,
    `mutation ($o: Duration!, $e: Duration!) { createDeviceProfile(input: { key: "p", name: "P", offlineAfter: $o, metrics: [{ metric: "temperature", name: "T", unit: "Cel", expectedInterval: $e }] }) { id } }`,
    viewer,
    { o: offlineAfter, e: expectedInterval },
  );
  const input = Array.from({ length: size }, (_, n) => ({ key: `d-${n}`, name: `D ${n}`, profileId: createDeviceProfile.id }));
  const { registerDevices } = await give<{ registerDevices: { device: { id: string } }[] }>(
    instance,
    'mutation ($input: [RegisterDeviceInput!]!) { registerDevices(input: $input) { device { id } } }',
    viewer,
    { input },
  );
  const ids = registerDevices.map(({ device }) => device.id);
  const reading = (n = 0, over: Partial<LogRecord> = {}) =>
    aReadingsRecord({
      organizationId,
      deviceId: ids[n]!,
      deviceKey: `d-${n}`,
      receivedAtUs: clock.now() * 1_000,
      readings: [aReading()],
      ...over,
    } as never);
  const status = (online: boolean, n = 0) =>
    aStatusRecord(online, { organizationId, deviceId: ids[n]!, deviceKey: `d-${n}`, receivedAtUs: clock.now() * 1_000 });
  /** As people see it: state and last transition told to subscribers. */
  const seen = async (n = 0) => {
    const answer = await give<{ device: { connectivity: string; lastSeenAt: string | null } }>(
      instance,
      'query ($id: ID!) { device(id: $id) { connectivity lastSeenAt } }',
      viewer,
      { id: ids[n] },
    );
    return { ...answer.device, lastSeenMs: answer.device.lastSeenAt && Date.parse(answer.device.lastSeenAt) };
  };
  const transitions = async (n = 0) =>
    (
      await database.rows<{ kind: string }>(
        `select kind from device_change where device_id = $1 and kind in ('CONNECTED', 'DISCONNECTED') order by seq`,
        [ids[n]],
      )
    ).map(({ kind }) => kind);
  const inFeed = async (n = 0) =>
    (await instance.devices.registrySource.fetch(0)).changes.find((change) => change.kind === 'connectivity' && change.id === ids[n])
      ?.value as ConnectivityEntry;
  return { organizationId, viewer, ids, profileId: createDeviceProfile.id, reading, status, seen, transitions, inFeed };
}

it('goes online with the first reading and offline by silence alone, and everybody is told once', async () => {
  const instance = await anInstance();
  const fleet = await aFleet(instance, 2);
  const wakeUps: ChangeWakeUp[] = [];
  await bus.subscribe(busChannel.devices(fleet.organizationId), (message: ChangeWakeUp) => void wakeUps.push(message));
  expect((await fleet.seen()).connectivity).toBe('NEVER_SEEN');

  const firstMs = clock.now();
  await instance.eventLog.append([fleet.reading()]);
  await clock.advance(1_000);
  expect(await fleet.seen()).toMatchObject({ connectivity: 'ONLINE', lastSeenMs: firstMs });
  expect(wakeUps).toHaveLength(1);
  expect(await fleet.inFeed()).toMatchObject({ connectivity: 'ONLINE', organizationId: fleet.organizationId });

  // Messages keep it there without a further word to anybody.
  for (let second = 0; second < 30; second += 3) {
    await clock.advance(3_000);
    await instance.eventLog.append([fleet.reading()]);
  }
  await clock.advance(9_999);
  expect((await fleet.seen()).connectivity).toBe('ONLINE');
  expect(await fleet.transitions()).toEqual(['CONNECTED']);

  await clock.advance(1_000);
  expect((await fleet.seen()).connectivity).toBe('OFFLINE');
  expect(await fleet.transitions()).toEqual(['CONNECTED', 'DISCONNECTED']);
  expect(await fleet.inFeed()).toMatchObject({ connectivity: 'OFFLINE' });
  const status = await give(
    instance,
    '{ fleetStatus { total online offline neverSeen } online: devices(filter: { connectivity: ONLINE }) { totalCount } }',
    fleet.viewer,
  );
  expect(status).toEqual({ fleetStatus: { total: 2, online: 0, offline: 1, neverSeen: 1 }, online: { totalCount: 0 } });

  await clock.advance(60_000);
  await instance.eventLog.append([fleet.reading()]);
  await clock.advance(250);
  expect(await fleet.transitions()).toEqual(['CONNECTED', 'DISCONNECTED', 'CONNECTED']);
});

it('waits three expected intervals where those are longer', async () => {
  const instance = await anInstance();
  const fleet = await aFleet(instance, 1, 'PT10S', 'PT20S');
  await instance.eventLog.append([fleet.reading()]);
  await clock.advance(59_000);
  expect((await fleet.seen()).connectivity).toBe('ONLINE');
  await clock.advance(2_000);
  expect((await fleet.seen()).connectivity).toBe('OFFLINE');
});

it('believes a will at once, and the next reading after it', async () => {
  const instance = await anInstance();
  const fleet = await aFleet(instance);
  await instance.eventLog.append([fleet.status(true)]);
  await clock.advance(1_000);
  expect((await fleet.seen()).connectivity).toBe('ONLINE');
  const lastHeardMs = clock.now();
  await instance.eventLog.append([fleet.reading()]);
  await clock.advance(1_000);
  await instance.eventLog.append([fleet.status(false)]);
  await clock.advance(250);
  expect(await fleet.seen()).toMatchObject({ connectivity: 'OFFLINE', lastSeenMs: lastHeardMs });
  await clock.advance(1_000);
  await instance.eventLog.append([fleet.reading()]);
  await clock.advance(250);
  expect(await fleet.transitions()).toEqual(['CONNECTED', 'DISCONNECTED', 'CONNECTED']);
});

it('does not blame devices for its own absence after a restart', async () => {
  const first = await anInstance();
  const fleet = await aFleet(first, 2);
  await first.eventLog.append([fleet.reading(0), fleet.reading(1)]);
  await clock.advance(100);
  // What was heard last is written on the way out, though no tick came.
  await first.stop();
  expect(await database.rows(`select connectivity from device_presence where organization_id = $1`, [fleet.organizationId])).toEqual([
    { connectivity: 'ONLINE' },
    { connectivity: 'ONLINE' },
  ]);

  await clock.advance(600_000);
  const second = await anInstance();
  await clock.advance(9_000);
  await second.eventLog.append([fleet.reading(0)]);
  await clock.advance(2_000);
  expect(await fleet.transitions(0)).toEqual(['CONNECTED']);
  expect(await fleet.transitions(1)).toEqual(['CONNECTED', 'DISCONNECTED']);
});

it('judges silence by the time it has listened to while it works off a backlog', async () => {
  const instance = await anInstance();
  const fleet = await aFleet(instance, 2);
  await instance.eventLog.append([fleet.reading(0), fleet.reading(1)]);
  await clock.advance(1_000);
  // The bridge took readings all the time; this consumer hears of them twenty seconds late.
  const lateBy = 20_000;
  for (let second = 0; second < lateBy / 1_000; second++) {
    await instance.eventLog.append([fleet.reading(1, { receivedAtUs: (clock.now() - lateBy) * 1_000 })]);
    await clock.advance(1_000);
  }
  expect(await fleet.transitions(0)).toEqual(['CONNECTED']);
  // It has caught up, and device 0 was silent indeed.
  await instance.eventLog.append([fleet.reading(1)]);
  await clock.advance(1_000);
  expect(await fleet.transitions(0)).toEqual(['CONNECTED', 'DISCONNECTED']);
  expect(await fleet.transitions(1)).toEqual(['CONNECTED']);
});

it('tells each transition once when several instances watch, whoever hears the device', async () => {
  const [one, two] = [await anInstance(), await anInstance()];
  const size = 40;
  const fleet = await aFleet(one, size);
  const everyone = Array.from({ length: size }, (_, n) => n);
  // Redelivery after a rebalance: both hear everything.
  const records = everyone.map((n) => fleet.reading(n));
  await Promise.all([one.eventLog.append(records), two.eventLog.append(records)]);
  await clock.advance(1_000);
  // From here each hears one half; for the other half it has only the table.
  for (let second = 0; second < 20; second++) {
    await one.eventLog.append(everyone.filter((n) => n % 2 === 0).map((n) => fleet.reading(n)));
    await two.eventLog.append(everyone.filter((n) => n % 2 === 1 && n !== 7).map((n) => fleet.reading(n)));
    await clock.advance(1_000);
  }
  for (const n of everyone)
    expect({ n, told: await fleet.transitions(n) }).toEqual({ n, told: n === 7 ? ['CONNECTED', 'DISCONNECTED'] : ['CONNECTED'] });

  // An instance dies; the other notices the silence of devices that it never heard itself.
  await two.stop();
  await clock.advance(12_000);
  for (const n of everyone) expect({ n, told: await fleet.transitions(n) }).toEqual({ n, told: ['CONNECTED', 'DISCONNECTED'] });
});

it('follows a profile that changes, and forgets a device that retires', async () => {
  const instance = await anInstance();
  const fleet = await aFleet(instance, 2);
  await instance.eventLog.append([fleet.reading(0), fleet.reading(1)]);
  await clock.advance(1_000);
  const patient = { key: 'p', name: 'P', offlineAfter: 'PT1H', metrics: [{ metric: 'temperature', name: 'T', unit: 'Cel' }] };
  await give(
    instance,
    'mutation ($id: ID!, $input: DeviceProfileInput!) { updateDeviceProfile(id: $id, input: $input) { id } }',
    fleet.viewer,
    { id: fleet.profileId, input: patient },
  );
  await give(instance, 'mutation ($id: ID!) { retireDevice(id: $id) { connectivity } }', fleet.viewer, { id: fleet.ids[1] });
  await eventually(() => {
    expect(instance.devices.registry.profile(fleet.profileId)?.offlineAfterMs).toBe(3_600_000);
    expect(instance.devices.registry.device(fleet.ids[1]!)?.lifecycle).not.toBe('ACTIVE');
  });
  await clock.advance(1_000);
  expect(await fleet.transitions(0)).toEqual(['CONNECTED']);
  expect((await fleet.inFeed(1)).connectivity).toBe('OFFLINE');
  await clock.advance(60_000);
  await instance.eventLog.append([fleet.reading(1)]);
  await clock.advance(1_000);
  expect(await fleet.transitions(0)).toEqual(['CONNECTED']);
  expect(await fleet.transitions(1)).toEqual(['CONNECTED']);
  expect((await fleet.seen(1)).connectivity).toBe('OFFLINE');
});

it('hears a device before the registry has told it of it', async () => {
  const instance = await anInstance();
  const fleet = await aFleetUnheardOf(instance);
  const stranger = randomUUID();
  await instance.eventLog.append([
    aReadingsRecord({ organizationId: fleet.organizationId, deviceId: stranger, receivedAtUs: clock.now() * 1_000 }),
    fleet.reading(),
  ]);
  await eventually(() => expect(instance.devices.registry.device(fleet.ids[0]!)).toBeDefined());
  await clock.advance(250);
  expect((await fleet.seen()).connectivity).toBe('ONLINE');
});

it('keeps what it heard when the database is away', async () => {
  const instance = await anInstance();
  const fleet = await aFleet(instance);
  await database.rows('alter table device_presence rename to device_presence_away');
  await instance.eventLog.append([fleet.reading()]);
  await clock.advance(1_000);
  await database.rows('alter table device_presence_away rename to device_presence');
  await clock.advance(1_000);
  expect(await fleet.transitions()).toEqual(['CONNECTED']);
});

it('keeps the labels that a device reports, as if a person had set them, and bounds how often', async () => {
  const instance = await anInstance();
  const fleet = await aFleet(instance);
  const wakeUps: ChangeWakeUp[] = [];
  await bus.subscribe(busChannel.devices(fleet.organizationId), (wakeUp) => void wakeUps.push(wakeUp as ChangeWakeUp));
  const report = (labels: { key: string; value: string }[]) =>
    instance.eventLog.append([
      {
        type: 'device-event',
        event: 'labels',
        organizationId: fleet.organizationId,
        deviceId: fleet.ids[0]!,
        deviceKey: 'd-0',
        receivedAtUs: clock.now() * 1_000,
        labels,
      },
    ]);
  const updates = async () =>
    database.rows<{ labels: unknown }>(`select after->'labels' as labels from device_change where device_id = $1 and kind = 'UPDATED'`, [
      fleet.ids[0],
    ]);
  const inFeed = async () =>
    (await instance.devices.registrySource.fetch(0)).changes.find(({ kind, id }) => kind === 'device' && id === fleet.ids[0])?.value;
  const settled = () => eventually(async () => expect(await instance.eventLog.backlog('device-connectivity')).toBe(0));
  const hall = (value: string) => [{ key: 'location', value }];

  await report([...hall('Hall 3'), { key: 'not a key', value: 'x' }, { key: 'status', value: 'line\nbreak' }]);
  await settled();
  await clock.advance(2_000);
  expect(await updates()).toEqual([{ labels: hall('Hall 3') }]);
  expect(await inFeed()).toMatchObject({ labels: hall('Hall 3') });
  expect(wakeUps.length).toBeGreaterThan(0);

  await report(hall('Hall 4'));
  await report(hall('Hall 5'));
  await settled();
  await clock.advance(2_000);
  expect(await updates()).toHaveLength(1);
  await clock.advance(10_000);
  expect(await updates()).toEqual([{ labels: hall('Hall 3') }, { labels: hall('Hall 5') }]);

  await report(hall('Hall 5'));
  await settled();
  await clock.advance(20_000);
  expect(await updates()).toHaveLength(2);
});
