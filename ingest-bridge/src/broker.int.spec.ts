import type { LogRecord } from '@pulsegraph/contracts';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { createRegistryProjection } from '@pulsegraph/kit/registry';
import {
  TEST_DEVICE,
  TEST_INTERNAL_TOKEN,
  TEST_ORGANIZATION,
  aCredentialEntry,
  aRegistrySnapshot,
  describeWith,
  eventually,
  fakeRegistrySource,
  put,
  removed,
  testMosquitto,
} from '@pulsegraph/testkit';
import { createBridge, type Bridge, type BridgeOptions } from './index.js';
import { controllableLog, type ControllableLog } from './testing/controllable-log.js';

const username = `${TEST_ORGANIZATION.key}/${TEST_DEVICE.key}`;
const own = (suffix: string) => `pulse/v1/${username}/${suffix}`;
const readings = (records: readonly LogRecord[]) =>
  records.flatMap((record) => (record.type === 'readings' ? record.readings.map(({ value }) => value) : []));

describeWith(['mosquitto', 'mosquitto_ctrl'], 'behind Mosquitto', () => {
  const mosquitto = testMosquitto();
  const source = fakeRegistrySource(aRegistrySnapshot());
  const projection = createRegistryProjection({ source, bus: createInProcessBus(), log: silentLog, pollMs: 20 });
  const bridges: Bridge[] = [];

  const brokerUrl = () => {
    const url = new URL(mosquitto.url);
    url.username = mosquitto.admin.username;
    url.password = encodeURIComponent(mosquitto.admin.password);
    return url.toString();
  };
  const startBridge = async (eventLog: ControllableLog, over: Partial<BridgeOptions> = {}) => {
    const bridge = createBridge({ log: silentLog, eventLog, projection, mqttPort: null, brokerUrl: brokerUrl(), internalToken: TEST_INTERNAL_TOKEN, ...over }); // prettier-ignore
    bridges.push(bridge);
    await bridge.start();
    await eventually(() => Promise.all(bridge.checks.map(({ check }) => check())));
    return bridge;
  };
  const letIn = (bridge: Bridge, token: string = TEST_DEVICE.token) =>
    bridge.edge.accept({ username, token, organizationId: TEST_ORGANIZATION.id, deviceId: TEST_DEVICE.id, revision: source.revision });
  const device = (token: string = TEST_DEVICE.token) => mosquitto.connect({ username, password: token });
  const send = (client: Awaited<ReturnType<typeof device>>, temperature: number) =>
    client.publishAsync(own('readings'), JSON.stringify({ values: { temperature } }), { qos: 1 });

  beforeAll(() => projection.start());
  afterEach(() => Promise.all(bridges.splice(0).map((bridge) => bridge.stop(0))));
  afterAll(() => projection.stop());

  it('lets a device in once its credential was handed over, on its own topics only', async () => {
    const log = controllableLog();
    const bridge = await startBridge(log);
    await expect(device()).rejects.toThrow(/not authorized/i);
    await letIn(bridge);
    const client = await device();
    await send(client, 21);
    // Mosquitto 2.0 ends the connection of whoever publishes where it may not.
    for (const forbidden of ['pulse/v1/acme/device-002/readings', own('twin/desired')]) {
      const intruder = await device();
      const ended = new Promise<void>((resolve) => intruder.once('close', () => resolve()));
      intruder.publish(forbidden, '{"values":{"temperature":1}}', { qos: 1 });
      await ended;
    }
    await send(client, 22);
    await eventually(() => expect(readings(log.records)).toEqual([21, 22]));
    expect(log.records.every((record) => record.type === 'readings' && record.deviceId === TEST_DEVICE.id)).toBe(true);

    // Other dialects, where the topic says all.
    await client.publishAsync(own('readings/influx'), 'temperature value=23', { qos: 1 });
    await client.publishAsync(`${TEST_ORGANIZATION.key}/5/${TEST_DEVICE.key}/$state`, 'ready', { qos: 1 });
    await client.publishAsync(`spBv1.0/${TEST_ORGANIZATION.key}/NDEATH/${TEST_DEVICE.key}`, '', { qos: 1 });
    await eventually(() =>
      expect(log.records.slice(2)).toMatchObject([
        { type: 'readings' },
        { event: 'status', online: true },
        { event: 'status', online: false },
      ]),
    );
    for (const forbidden of [`${TEST_ORGANIZATION.key}/5/device-002/$state`, `spBv1.0/${TEST_ORGANIZATION.key}/NBIRTH/device-002`]) {
      const intruder = await device();
      const ended = new Promise<void>((resolve) => intruder.once('close', () => resolve()));
      intruder.publish(forbidden, '', { qos: 1 });
      await ended;
    }
    const asked = new Promise<string>((resolve) => client.once('message', (topic) => resolve(topic)));
    await client.subscribeAsync(`spBv1.0/${TEST_ORGANIZATION.key}/NCMD/${TEST_DEVICE.key}`, { qos: 1 });
    await client.publishAsync(`spBv1.0/${TEST_ORGANIZATION.key}/NDATA/${TEST_DEVICE.key}`, Buffer.from([0x18, 7]), { qos: 1 });
    expect(await asked).toMatch(/NCMD/);

    const heard = new Promise<string>((resolve) => client.once('message', (_, payload) => resolve(payload.toString())));
    await client.subscribeAsync(own('commands/+'), { qos: 1 });
    await bridge.publishToDevice(own('commands/c1'), 'go');
    expect(await heard).toBe('go');
  });

  it('hears again, after it was killed, what the log had not taken, and nothing twice that it had', async () => {
    const held = controllableLog();
    const killed = await startBridge(held);
    await letIn(killed);
    const client = await device();
    await send(client, 1);
    await eventually(() => expect(readings(held.records)).toEqual([1]));
    held.hold();
    await send(client, 2);
    await send(client, 3);
    await eventually(() => expect(held.waitingRecords).toBe(2));
    await killed.stop(0);
    await send(client, 4);
    const log = controllableLog();
    await startBridge(log);
    await eventually(() => expect(readings(log.records)).toEqual([2, 3, 4]));
  });

  it('is shared by two bridges: each device goes through one, in order, and waits for it when it is killed', async () => {
    const names = ['device-001', 'device-011', 'device-012', 'device-013', 'device-014', 'device-015'];
    const shard = (index: number) => ({ brokerClientId: `bridge-${index}`, brokerShard: { index, count: 2 } });
    const logs = [controllableLog(), controllableLog()];
    await startBridge(logs[0]!, shard(0));
    const second = await startBridge(logs[1]!, shard(1));
    const admin = await mosquitto.connect();
    const say = async (n: number) => {
      for (const name of names)
        await admin.publishAsync(`pulse/v1/${TEST_ORGANIZATION.key}/${name}/readings`, `{"values":{"temperature":${n}}}`, { qos: 1 });
    };
    // Devices that are not registered become rejections: enough to see which bridge had them, and in which order.
    const heard = (log: ControllableLog) => {
      const byDevice = new Map<string, number[]>();
      for (const record of log.records) {
        const name = record.deviceKey!;
        const value = record.type === 'rejection' ? Number(/\d+(?=\}\})/.exec(record.payload)![0]) : readings([record])[0]!;
        byDevice.set(name, [...(byDevice.get(name) ?? []), value]);
      }
      return byDevice;
    };
    for (const n of [1, 2, 3]) await say(n);
    await eventually(() => expect(logs[0]!.records.length + logs[1]!.records.length).toBe(3 * names.length));
    const ofFirst = [...heard(logs[0]!).keys()];
    const ofSecond = [...heard(logs[1]!).keys()];
    expect([...ofFirst, ...ofSecond].sort()).toEqual(names);
    expect(Math.min(ofFirst.length, ofSecond.length)).toBeGreaterThan(0);

    logs[1]!.hold();
    await say(4);
    await second.stop(0);
    await say(5);
    await eventually(() => expect(heard(logs[0]!).get(ofFirst[0]!)).toEqual([1, 2, 3, 4, 5]));
    const back = controllableLog();
    await startBridge(back, shard(1));
    await eventually(() => {
      for (const name of ofSecond) expect(heard(back).get(name)).toEqual([4, 5]);
    });
    expect([...heard(logs[0]!).keys()]).toEqual(ofFirst);
  });

  it('comes back by itself when the broker does', async () => {
    const log = controllableLog();
    const bridge = await startBridge(log);
    await letIn(bridge);
    await mosquitto.stop('SIGTERM');
    await eventually(() => expect(Promise.all(bridge.checks.map(({ check }) => check()))).rejects.toThrow(/not connected/));
    await mosquitto.start();
    await eventually(() => Promise.all(bridge.checks.map(({ check }) => check())));
    await send(await device(), 5);
    await eventually(() => expect(readings(log.records)).toContain(5));
  });

  it('rotates a token, and shuts out who was revoked while the bridge was away', async () => {
    const bridge = await startBridge(controllableLog());
    await letIn(bridge);
    const old = await device();
    const gone = new Promise<void>((resolve) => old.once('close', () => resolve()));
    source.push(put('credential', aCredentialEntry('a-rotated-token')));
    await letIn(bridge, 'a-rotated-token');
    await gone;
    await expect(device()).rejects.toThrow(/not authorized/i);
    await (await device('a-rotated-token')).endAsync();

    await bridge.stop(0);
    source.push(removed('credential', aCredentialEntry()));
    await projection.waitFor(source.revision, 10_000);
    await startBridge(controllableLog());
    await eventually(() => expect(device('a-rotated-token')).rejects.toThrow(/not authorized/i));
    source.push(put('credential', aCredentialEntry()));
    await projection.waitFor(source.revision, 10_000);
  });

  it('says that a credential was not handed over when the broker is away', async () => {
    const bridge = await startBridge(controllableLog());
    await mosquitto.stop('SIGKILL');
    await eventually(() => expect(letIn(bridge)).rejects.toThrow(/not connected/));
    await mosquitto.start();
  });
});
