import { createHash } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { ReadingFlag, type LogRecord } from '@pulsegraph/contracts';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { createRegistryProjection } from '@pulsegraph/kit/registry';
import {
  TEST_DEVICE,
  TEST_INTERNAL_TOKEN,
  TEST_ORGANIZATION,
  aCredentialEntry,
  aDeviceEntry,
  aRegistrySnapshot,
  eventually,
  fakeRegistrySource,
  mqttClient,
  put,
  removed,
} from '@pulsegraph/testkit';
import type { IClientOptions, MqttClient } from 'mqtt';
import { generate } from 'mqtt-packet';
import { createBridge, type Bridge, type BridgeOptions } from './index.js';
import { controllableLog } from './testing/controllable-log.js';

const username = `${TEST_ORGANIZATION.key}/${TEST_DEVICE.key}`;
const own = (suffix: string) => `pulse/v1/${username}/${suffix}`;
const other = put('device', aDeviceEntry({ id: '0190a000-0000-7000-8000-0000000000d2', key: 'device-002' }));

let source: ReturnType<typeof fakeRegistrySource>;
let projection: ReturnType<typeof createRegistryProjection>;
let log: ReturnType<typeof controllableLog>;
let bridge: Bridge;
const clients: MqttClient[] = [];

async function startBridge(over: Partial<BridgeOptions> = {}) {
  source = fakeRegistrySource([...aRegistrySnapshot(), other]);
  projection = createRegistryProjection({ source, bus: createInProcessBus(), log: silentLog, pollMs: 20 });
  await projection.start();
  log = controllableLog();
  bridge = createBridge({ log: silentLog, eventLog: log, projection, mqttPort: 0, mqttHost: '127.0.0.1', brokerUrl: null, internalToken: TEST_INTERNAL_TOKEN, ...over }); // prettier-ignore
  await bridge.start();
}

async function device(options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqttClient(`mqtt://127.0.0.1:${bridge.mqttPort}`, { username, password: TEST_DEVICE.token, ...options });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

const publish = (client: MqttClient, value: unknown, topic = own('readings'), qos: 0 | 1 | 2 = 1) =>
  client.publishAsync(topic, typeof value === 'string' ? value : JSON.stringify(value), { qos });
const readings = (records: readonly LogRecord[]) =>
  records.flatMap((record) => (record.type === 'readings' ? record.readings.map(({ value }) => value) : []));
const rejections = (records: readonly LogRecord[]) => records.flatMap((record) => (record.type === 'rejection' ? [record] : []));
const ended = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()));

beforeEach(() => startBridge());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  await bridge.stop(100);
  await projection.stop();
});

describe('acknowledgement', () => {
  it.each([1, 2] as const)('at QoS %d comes only after the log has the record', async (qos) => {
    const client = await device();
    log.hold();
    let acknowledged = false;
    const published = publish(client, { values: { temperature: 21 } }, own('readings'), qos).then(() => (acknowledged = true));
    await eventually(() => expect(log.waiting).toBe(1));
    expect(acknowledged).toBe(false);
    log.release();
    await published;
    expect(readings(log.records)).toEqual([21]);
  });

  it('keeps the order of one device, in the log and towards the device', async () => {
    const client = await device();
    log.hold();
    const acknowledged: number[] = [];
    const all = Array.from({ length: 50 }, (_, i) => publish(client, { values: { temperature: i } }).then(() => acknowledged.push(i)));
    await eventually(() => expect(log.waiting).toBeGreaterThan(0));
    log.release();
    await Promise.all(all);
    expect(readings(log.records)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(acknowledged).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('comes in the end, and in order, when the log refuses for a while', async () => {
    const client = await device();
    log.failNext(3);
    await Promise.all([1, 2, 3, 4].map((value) => publish(client, { values: { temperature: value } })));
    expect(readings(log.records)).toEqual([1, 2, 3, 4]);
  });

  it('reads no more from a device whose messages the log does not take, and goes on when it does', async () => {
    await bridge.stop(0);
    await projection.stop();
    await startBridge({ maxInFlightBytesPerConnection: 64 * 1024 });
    const client = await device();
    const columns = { metric: 'temperature', t0: Date.now(), dt: Array(1000).fill(0), v: Array(1000).fill(20) };
    log.hold();
    const all = Array.from({ length: 200 }, () => publish(client, columns));
    await eventually(() => expect(log.waitingRecords).toBeGreaterThan(0));
    // Each answer to another device is a turn of the loop in which the first could have been read.
    const another = await device();
    for (let turn = 0; turn < 20; turn++) await another.subscribeAsync(own('commands/+'));
    // Far from the 200 that were sent: what was read before the bound was met, and one more read.
    expect(log.waitingRecords).toBeLessThan(50);
    log.release();
    await Promise.all(all);
    expect(log.records).toHaveLength(200);
  });
});

describe('bad input', () => {
  it('becomes a dead letter with a reason, and the stream goes on', async () => {
    const client = await device();
    await publish(client, 'not json');
    await publish(client, { values: { temperature: 999 } });
    await publish(client, '{}', own('nonsense'));
    await publish(client, { values: { temperature: 20 } }, `pulse/v1/${TEST_ORGANIZATION.key}/device-002/readings`);
    await publish(client, { values: { temperature: 22 } });
    expect(rejections(log.records).map(({ reason, deviceId, organizationId }) => [reason, deviceId, organizationId])).toEqual(
      ['MALFORMED', 'IMPLAUSIBLE', 'UNKNOWN_TOPIC', 'FORBIDDEN_TOPIC'].map((reason) => [reason, TEST_DEVICE.id, TEST_ORGANIZATION.id]),
    );
    expect(readings(log.records)).toEqual([22]);
  });

  it('that is too large is skipped, acknowledged and told', async () => {
    const client = await device();
    await publish(client, 'x'.repeat(3 * 1024 * 1024));
    await publish(client, 'x'.repeat(1024 * 1024 + 1), own('readings'), 2);
    await publish(client, { values: { temperature: 22 } });
    expect(rejections(log.records).map(({ reason, payload }) => [reason, Buffer.from(payload, 'base64').length])).toEqual([
      ['TOO_LARGE', 1024],
      ['TOO_LARGE', 1024],
    ]);
    expect(readings(log.records)).toEqual([22]);
  });

  it('that is no MQTT ends that connection alone', async () => {
    const client = await device();
    const stranger = connectTcp(bridge.mqttPort!, '127.0.0.1', () => stranger.write('GET / HTTP/1.1\r\n\r\n'));
    await new Promise<void>((resolve) => stranger.once('close', () => resolve()));
    await publish(client, { values: { temperature: 22 } });
    expect(readings(log.records)).toEqual([22]);
  });
});

describe('who gets in', () => {
  it.each<[string, IClientOptions, RegExp]>([
    ['a wrong token', { password: 'wrong' }, /bad user ?name or password/i],
    ['an unknown device', { username: `${TEST_ORGANIZATION.key}/device-404` }, /bad user ?name or password/i],
    ['no credentials', { username: undefined, password: undefined }, /bad user ?name or password/i],
    ["a will on another device's topic", { will: { topic: 'pulse/v1/acme/device-002/status', payload: Buffer.from('offline'), qos: 1, retain: true } }, /not authorized/i], // prettier-ignore
  ])('refuses %s and says so', async (_, options, reason) => {
    await expect(device(options)).rejects.toThrow(reason);
    expect(log.records).toEqual([]);
  });

  it('refuses a retired device', async () => {
    source.push(put('device', aDeviceEntry({ lifecycle: 'RETIRED' })));
    await projection.waitFor(source.revision, 10_000);
    await expect(device()).rejects.toThrow(/not authorized/i);
  });

  it('disconnects a device when its credential is revoked, and one whose token is past its grace', async () => {
    const revoked = await device();
    source.push(removed('credential', aCredentialEntry()));
    await ended(revoked);
    source.push(put('credential', aCredentialEntry()));
    await eventually(() => expect(projection.credentialsOf(username)).toHaveLength(1));
    const old = await device();
    source.push(put('credential', aCredentialEntry(TEST_DEVICE.token, { validUntilMs: Date.now() - 1 })));
    await ended(old);
  });

  it('two devices with the same client id do not take each other’s place', async () => {
    const credential = aCredentialEntry('another-token', {
      id: '0190a000-0000-7000-8000-00000000c4e2',
      deviceId: other.id,
      username: 'acme/device-002',
    });
    source.push(put('credential', credential));
    await projection.waitFor(source.revision, 10_000);
    const first = await device({ clientId: 'sensor' });
    const second = await device({ clientId: 'sensor', username: 'acme/device-002', password: 'another-token' });
    await publish(first, { values: { temperature: 1 } });
    await publish(second, { values: { temperature: 2 } }, 'pulse/v1/acme/device-002/readings');
    expect(readings(log.records)).toEqual([1, 2]);
  });
});

describe('what a device says of itself', () => {
  it('its will is heard when it breaks off, and not when it takes leave', async () => {
    const will = { topic: own('status'), payload: Buffer.from('offline'), qos: 1 as const, retain: true };
    const polite = await device({ will });
    await publish(polite, 'online', own('status'));
    await polite.endAsync();
    const abrupt = await device({ will });
    abrupt.stream.destroy();
    await eventually(() =>
      expect(log.records).toEqual([
        expect.objectContaining({ event: 'status', online: true, deviceId: TEST_DEVICE.id }),
        expect.objectContaining({ event: 'status', online: false, deviceId: TEST_DEVICE.id }),
      ]),
    );
  });

  it('its will is heard when it falls silent', async () => {
    const silent = connectTcp(bridge.mqttPort!, '127.0.0.1');
    const will = { topic: own('status'), payload: Buffer.from('offline'), qos: 1 as const, retain: true };
    silent.write(generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: 'x', keepalive: 1, username, password: Buffer.from(TEST_DEVICE.token), will })); // prettier-ignore
    await eventually(() => expect(log.records).toEqual([expect.objectContaining({ event: 'status', online: false })]));
    silent.destroy();
  });

  it('its labels are told once, not with every reading', async () => {
    const client = await device();
    const reading = { deviceId: TEST_DEVICE.key, sensorType: 'temperature', value: 70, unit: 'fahrenheit', location: 'Hall B' };
    await publish(client, reading);
    await publish(client, reading);
    await publish(client, { ...reading, location: 'Hall C' });
    expect(log.records.flatMap((record) => ('event' in record && record.event === 'labels' ? [record.labels] : []))).toEqual([
      [{ key: 'location', value: 'Hall B' }],
      [{ key: 'location', value: 'Hall C' }],
    ]);
    expect(readings(log.records)).toHaveLength(3);
  });

  it('a message without a time is now, and one from an hour ago is late', async () => {
    const client = await device();
    const before = Date.now() * 1000;
    await publish(client, { values: { temperature: 20 } });
    await publish(client, { ts: Date.now() - 3_600_000, values: { temperature: 21 } });
    const [now, late] = log.records.flatMap((record) => (record.type === 'readings' ? record.readings : []));
    expect(now!.recordedAtUs).toBeGreaterThanOrEqual(before);
    expect([now!.flags, late!.flags]).toEqual([0, ReadingFlag.LATE]);
  });
});

describe('other dialects', () => {
  it('are read from whoever signed in, the token as the user name too', async () => {
    const client = await device({ username: TEST_DEVICE.token, password: undefined });
    await client.subscribeAsync(['v1/devices/me/rpc/request/+', 'v1/devices/me/attributes'], { qos: 1 });
    await publish(client, { temperature: 21 }, 'v1/devices/me/telemetry');
    await publish(client, 'temperature value=22', own('readings/influx'));
    await publish(client, [{ n: 'temperature', v: 23 }], own('readings/senml'));
    await publish(client, '1', `homie/5/${TEST_DEVICE.key}/line/speed`);
    expect(readings(log.records)).toEqual([21, 22, 23]);
    expect(rejections(log.records)).toMatchObject([{ source: 'homie', reason: 'UNKNOWN_METRIC' }]);
    await expect(device({ username: 'no-token', password: undefined })).rejects.toThrow();
  });

  it('ask a Sparkplug node for its birth, and only that one', async () => {
    const command = `spBv1.0/${TEST_ORGANIZATION.key}/NCMD/${TEST_DEVICE.key}`;
    const client = await device();
    const heard = new Promise<string>((resolve) => client.once('message', (topic) => resolve(topic)));
    await client.subscribeAsync(command);
    // seq 7, no birth before
    await client.publishAsync(`spBv1.0/${TEST_ORGANIZATION.key}/NDATA/${TEST_DEVICE.key}`, Buffer.from([0x18, 7]), { qos: 0 });
    expect(await heard).toBe(command);
    await expect(client.subscribeAsync(`spBv1.0/${TEST_ORGANIZATION.key}/NCMD/device-002`)).rejects.toThrow();
  });

  it('hear wills of the device itself', async () => {
    const will = (topic: string) => ({ will: { topic, payload: Buffer.from('lost'), qos: 1 as const, retain: true } });
    await expect(device(will('homie/5/device-002/$state'))).rejects.toThrow();
    const client = await device(will(`homie/5/${TEST_DEVICE.key}/$state`));
    client.stream.destroy();
    await eventually(() => expect(log.records).toMatchObject([{ event: 'status', online: false }]));
  });
});

describe('the way down', () => {
  it('reaches the device it is meant for, at once or kept for later', async () => {
    await bridge.publishToDevice(own('twin/desired'), '{"version":1}', { retain: true });
    const client = await device({ clean: false, clientId: 'lasting' });
    const heard: string[] = [];
    client.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
    await client.subscribeAsync([own('twin/desired'), own('commands/+')], { qos: 1 });
    await eventually(() => expect(heard).toEqual([`${own('twin/desired')} {"version":1}`]));
    await bridge.publishToDevice(own('commands/c1'), 'go');
    await eventually(() => expect(heard[1]).toBe(`${own('commands/c1')} go`));
    await client.endAsync();
    await bridge.publishToDevice(own('commands/c2'), 'again');
    const back = await device({ clean: false, clientId: 'lasting', reconnectPeriod: 0 });
    const [topic] = await new Promise<[string]>((resolve) => back.on('message', (name) => resolve([name])));
    expect(topic).toBe(own('commands/c2'));
  });

  it.each(['#', 'pulse/v1/#', 'pulse/v1/acme/+/readings', 'pulse/v1/acme/device-002/commands/+', own('readings'), '$SYS/#'])(
    'does not let a device listen to %s',
    async (filter) => {
      const client = await device();
      await expect(client.subscribeAsync(filter)).rejects.toThrow(/Unspecified error|subscribe/i);
      await publish(client, { values: { temperature: 22 } });
      expect(readings(log.records)).toEqual([22]);
    },
  );
});

it('names MQTT_PORT when its port is taken', async () => {
  const second = createBridge({ log: silentLog, eventLog: log, projection, mqttPort: bridge.mqttPort, mqttHost: '127.0.0.1', brokerUrl: null, internalToken: TEST_INTERNAL_TOKEN }); // prettier-ignore
  await expect(second.start()).rejects.toThrow(`Port ${bridge.mqttPort} is taken: set MQTT_PORT to a free port, or stop what uses it.`);
  await second.stop(0);
});

it('hashes tokens as the registry does', () => {
  expect(aCredentialEntry().tokenHash).toBe(createHash('sha256').update(TEST_DEVICE.token).digest('hex'));
});
