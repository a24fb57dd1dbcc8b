import { createHttpService, type HttpService } from '@pulsegraph/kit/http';
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
  put,
  removed,
} from '@pulsegraph/testkit';
import { gzipSync } from 'node:zlib';
import { createBridge, type Bridge } from './index.js';
import { controllableLog } from './testing/controllable-log.js';

const source = fakeRegistrySource(aRegistrySnapshot());
const projection = createRegistryProjection({ source, bus: createInProcessBus(), log: silentLog, pollMs: 20 });
let log: ReturnType<typeof controllableLog>;
let bridge: Bridge;
let service: HttpService;
let port: number;

beforeAll(() => projection.start());
afterAll(() => projection.stop());
beforeEach(async () => {
  log = controllableLog();
  bridge = createBridge({ log: silentLog, eventLog: log, projection, mqttPort: null, brokerUrl: null, internalToken: TEST_INTERNAL_TOKEN });
  service = createHttpService({ version: 'test', checks: bridge.checks, log: silentLog });
  service.app.use(bridge.ingestRouter, bridge.internalRouter);
  await bridge.start();
  port = await service.listen(0, 'PORT', '127.0.0.1');
});
afterEach(async () => {
  await service.close();
  await bridge.stop(0);
});

async function post(body: unknown, { token = TEST_DEVICE.token as string | null, headers = {}, raw = false } = {}) {
  const response = await fetch(`http://127.0.0.1:${port}/ingest/v1/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }), ...headers },
    body: raw ? (body as RequestInit['body']) : JSON.stringify(body),
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: (await response.json()) as unknown };
}

const envelope = (readings: unknown, device: string = TEST_DEVICE.key) => ({ device, readings });

describe('POST /ingest/v1/readings', () => {
  it('answers 202 with what was accepted and what was not, after the log has both', async () => {
    const now = Date.now();
    const answer = await post([
      envelope([{ ts: now, values: { temperature: 21, humidity: 40 } }, 'nonsense']),
      envelope({ metric: 'temperature', t0: now, dt: [1, 2], v: [22, 999] }),
    ]);
    expect(answer).toMatchObject({
      status: 202,
      body: {
        accepted: 2,
        rejected: [
          { index: 1, reason: 'UNKNOWN_METRIC', detail: expect.stringContaining('humidity') as string },
          { index: 2, reason: 'MALFORMED' },
          { index: 4, reason: 'IMPLAUSIBLE' },
        ],
      },
    });
    expect(log.records.map(({ type }) => type)).toEqual(['readings', 'readings', 'rejection', 'rejection', 'rejection']);
    expect(log.records[2]).toMatchObject({
      source: 'http',
      topic: null,
      deviceId: TEST_DEVICE.id,
      payload: JSON.stringify({ ts: now, values: { humidity: 40 } }),
    });
  });

  it('waits for the log', async () => {
    log.hold();
    let answered = false;
    const answer = post(envelope({ values: { temperature: 21 } })).finally(() => (answered = true));
    await eventually(() => expect(log.waiting).toBe(1));
    expect(answered).toBe(false);
    log.release();
    expect((await answer).status).toBe(202);
  });

  it('takes a compressed body', async () => {
    const body = gzipSync(JSON.stringify(envelope({ values: { temperature: 21 } })));
    expect((await post(body, { raw: true, headers: { 'content-encoding': 'gzip' } })).status).toBe(202);
  });

  it.each<[number, string, () => ReturnType<typeof post>]>([
    [400, 'nothing usable', () => post(envelope({ values: { humidity: 1 } }))],
    [400, 'no JSON', () => post('{', { raw: true })],
    [400, 'no device named', () => post({ readings: { values: { temperature: 1 } } })],
    [401, 'no token', () => post(envelope({ values: { temperature: 1 } }), { token: null })],
    [401, 'a wrong token', () => post(envelope({ values: { temperature: 1 } }), { token: 'wrong' })],
    [
      403,
      "another device than the token's",
      () => post([envelope({ values: { temperature: 1 } }), envelope({ values: {} }, 'device-002')]),
    ],
    [413, 'more than a megabyte', () => post(envelope('x'.repeat(1024 * 1024)))],
    [
      413,
      'more than 10,000 readings',
      () => post(envelope({ metric: 'temperature', t0: 0, dt: Array(10_001).fill(0), v: Array(10_001).fill(0) })),
    ],
    [415, 'another content type', () => post('temperature=1', { raw: true, headers: { 'content-type': 'text/plain' } })],
  ])('answers %d to %s, and stores no reading', async (status, _, request) => {
    expect((await request()).status).toBe(status);
    expect(log.records.filter(({ type }) => type === 'readings')).toEqual([]);
  });

  it('answers 429 and when to come back while the log is full', async () => {
    log.failNext(1);
    expect(await post(envelope({ values: { temperature: 1 } }))).toMatchObject({ status: 429, retryAfter: '1' });
    expect(await post(envelope({ values: { temperature: 1 } }))).toMatchObject({ status: 202 });
  });

  it('knows a rotated token at once, and no more the old one', async () => {
    source.push(put('credential', aCredentialEntry('rotated-token')));
    await projection.waitFor(source.revision, 10_000);
    expect((await post(envelope({ values: { temperature: 1 } }))).status).toBe(401);
    expect((await post(envelope({ values: { temperature: 1 } }), { token: 'rotated-token' })).status).toBe(202);
    source.push(put('credential', aCredentialEntry()));
    await projection.waitFor(source.revision, 10_000);
  });
});

describe('POST /ingest/v1/readings with another content type', () => {
  it('takes SenML in JSON and in CBOR', async () => {
    const json = await post([{ n: 'temperature', u: 'Cel', v: 21 }, { n: 'temperature', vd: 'x' }], { headers: { 'content-type': 'application/senml+json' } }); // prettier-ignore
    expect(json).toMatchObject({ status: 202, body: { accepted: 1, rejected: [{ index: 1, reason: 'MALFORMED' }] } });
    // [{n: "temperature", v: 22}]
    const cbor = Buffer.concat([Buffer.from('81a2006b', 'hex'), Buffer.from('temperature'), Buffer.from('0216', 'hex')]);
    expect(await post(cbor, { raw: true, headers: { 'content-type': 'application/senml+cbor' } })).toMatchObject({ status: 202 });
    expect(log.records.flatMap((record) => (record.type === 'readings' ? record.readings.map(({ value }) => value) : []))).toEqual([
      21, 22,
    ]);
    expect(log.records.find(({ type }) => type === 'rejection')).toMatchObject({ source: 'senml', deviceId: TEST_DEVICE.id });
  });
});

describe('POST /api/v2/write', () => {
  async function write(lines: string | Uint8Array, query = '', headers: Record<string, string> = {}) {
    const response = await fetch(`http://127.0.0.1:${port}/api/v2/write?org=${TEST_ORGANIZATION.key}&bucket=any${query}`, {
      method: 'POST',
      headers: { authorization: `Token ${TEST_DEVICE.token}`, 'content-type': 'text/plain; charset=utf-8', ...headers },
      body: lines as RequestInit['body'],
    });
    const text = await response.text();
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: text && (JSON.parse(text) as unknown) };
  }

  it('answers 204 when every line is in the log, plain or compressed, in any precision', async () => {
    const now = Date.now();
    expect((await write(`temperature value=21 ${now}123456`)).status).toBe(204);
    expect((await write(gzipSync(`temperature value=22 ${now}`), '&precision=ms', { 'content-encoding': 'gzip' })).status).toBe(204);
    const stored = log.records.flatMap((record) => (record.type === 'readings' ? record.readings : []));
    expect(stored.map(({ value, recordedAtUs }) => [value, recordedAtUs])).toEqual([[21, now * 1000 + 123], [22, now * 1000]]); // prettier-ignore
  });

  it('stores the good lines of a partial write and names the bad ones', async () => {
    const answer = await write('temperature value=21\ntemperature value=\nhumidity value=4');
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid', accepted: 1, rejected: [{ reason: 'MALFORMED' }, { reason: 'UNKNOWN_METRIC' }] } }); // prettier-ignore
    expect((answer.body as { message: string }).message).toMatch(/^partial write: 1 readings stored, 2 refused: MALFORMED: Line 2: /);
    expect(log.records.map(({ type }) => type)).toEqual(['readings', 'rejection', 'rejection']);
  });

  it.each<[number, string, () => ReturnType<typeof write>]>([
    [400, 'another precision', () => write('temperature value=1', '&precision=h')],
    [401, 'a wrong token', () => write('temperature value=1', '', { authorization: 'Token wrong' })],
    [403, 'another organization', () => write('temperature value=1', '&org=other')],
    [413, 'more than 10,000 readings', () => write('temperature value=1\n'.repeat(10_001))],
  ])('answers %d to %s, and stores nothing', async (status, _, request) => {
    expect((await request()).status).toBe(status);
    expect(log.records).toEqual([]);
  });

  it('answers 429 and when to come back while the log is full', async () => {
    log.failNext(1);
    expect(await write('temperature value=1')).toMatchObject({ status: 429, retryAfter: '1' });
  });
});

describe('/internal/credentials', () => {
  const call = (method: string, path: string, body?: unknown, token = TEST_INTERNAL_TOKEN) =>
    fetch(`http://127.0.0.1:${port}/internal/credentials${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const second = aDeviceEntry({ id: '0190a000-0000-7000-8000-0000000000d2', key: 'device-002' });
  const username = `${TEST_ORGANIZATION.key}/device-002`;
  const token = 'the-token-of-the-second-device';
  const credential = aCredentialEntry(token, { id: '0190a000-0000-7000-8000-00000000c4e2', deviceId: second.id, username });
  const announced = (revision: number) => ({
    username,
    token,
    organizationId: TEST_ORGANIZATION.id,
    deviceId: second.id,
    revision,
    graceMs: 0,
  });

  it('answers 204 when the device can report, and DELETE when it no longer can', async () => {
    const revision = source.push(put('device', second), put('credential', credential));
    expect((await call('POST', '', announced(revision))).status).toBe(204);
    expect((await post(envelope({ values: { temperature: 1 } }, 'device-002'), { token })).status).toBe(202);
    source.push(removed('credential', credential));
    expect((await call('DELETE', `/${encodeURIComponent(username)}`)).status).toBe(204);
    expect((await post(envelope({ values: { temperature: 1 } }, 'device-002'), { token })).status).toBe(401);
  });

  it('refuses strangers, nonsense, and a credential that the registry does not hold', async () => {
    expect((await call('POST', '', announced(1), 'not-the-internal-token')).status).toBe(401);
    expect((await call('POST', '', { username })).status).toBe(400);
    expect((await call('POST', '', { ...announced(source.revision), token: 'quite-another-token' })).status).toBe(503);
  });
});
