import fc from 'fast-check';
import { ReadingFlag, REJECTION_REASONS, type DeviceEntry, type MetricEntry, type ProfileEntry } from '@pulsegraph/contracts';
import { decodeDeadLetter, decodeMessage, type DecodedMessage, type DeviceDirectory } from './index.js';

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const NOW_US = NOW_MS * 1000;

const metric = (over: Partial<MetricEntry> & { metric: string }): MetricEntry => ({
  name: over.metric,
  kind: 'NUMBER',
  values: null,
  unit: 'Cel',
  normalMin: null,
  normalMax: null,
  alertMin: null,
  alertMax: null,
  plausibleMin: null,
  plausibleMax: null,
  expectedIntervalMs: 1000,
  ...over,
});

const profile: ProfileEntry = {
  id: 'p1',
  organizationId: 'o1',
  key: 'press',
  name: 'Press',
  offlineAfterMs: 60_000,
  lateAfterMs: 60_000,
  metrics: [
    metric({ metric: 'temperature', plausibleMin: -50, plausibleMax: 200 }),
    metric({ metric: 'pressure', unit: 'kPa' }),
    metric({ metric: 'running', kind: 'BOOLEAN' }),
    metric({ metric: 'state', kind: 'TEXT', values: ['idle', 'running'] }),
  ],
};
const device: DeviceEntry = {
  id: 'd1',
  organizationId: 'o1',
  key: 'device-001',
  name: 'Device 1',
  profileId: 'p1',
  lifecycle: 'ACTIVE',
  labels: [{ key: 'location', value: 'Hall A' }],
};
const registry: DeviceDirectory = {
  organizationByKey: (key) => (key === 'demo' ? { id: 'o1', key: 'demo' } : undefined),
  deviceByKey: (organizationId, key) => (organizationId === 'o1' && key === 'device-001' ? device : undefined),
  profile: (id) => (id === 'p1' ? profile : undefined),
};
const context = { registry, receivedAtUs: NOW_US, rawRetentionDays: 90, sender: null };
const TOPIC = 'pulse/v1/demo/device-001/readings';

const send = (payload: unknown, topic = TOPIC, over: object = {}): DecodedMessage =>
  decodeMessage({ topic, payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)) }, { ...context, ...over });
const values = ({ readings }: DecodedMessage) =>
  readings.flatMap(({ readings: list }) => list.map((r) => [r.metric, r.text ?? r.value, (r.recordedAtUs - NOW_US) / 1000]));
const reasons = ({ rejections }: DecodedMessage) => rejections.map(({ reason }) => reason);

describe('readings in our own dialect', () => {
  it.each<[string, unknown, unknown[]]>([
    ['values with epoch milliseconds', { ts: NOW_MS - 5, values: { temperature: 75.2, state: 'running' } }, [['temperature', 75.2, -5], ['state', 'running', -5]]], // prettier-ignore
    ['an absent instant means now', { values: { temperature: 1 } }, [['temperature', 1, 0]]],
    ['RFC 3339 with a zone', { ts: '2026-11-20T13:00:00.5+01:00', values: { running: true } }, [['running', 1, 500]]],
    ['microseconds are kept', { ts: '2026-11-20T11:59:59.999999Z', values: { temperature: 1 } }, [['temperature', 1, -0.001]]],
    ['a batch', [{ ts: NOW_MS, values: { temperature: 1 } }, { ts: NOW_MS - 1, values: { temperature: 2 } }], [['temperature', 1, 0], ['temperature', 2, -1]]], // prettier-ignore
    ['undated readings of a batch stay apart', [{ values: { temperature: 1 } }, { values: { temperature: 2 } }], [['temperature', 1, 0], ['temperature', 2, 0.001]]], // prettier-ignore
    ['columns', { metric: 'temperature', t0: NOW_MS - 2000, dt: [0, 1000.5], v: [75.2, 75.4] }, [['temperature', 75.2, -2000], ['temperature', 75.4, -999.5]]], // prettier-ignore
    ['a list of columns', [{ metric: 'temperature', t0: NOW_MS, dt: [0], v: [1] }, { metric: 'state', t0: NOW_MS, dt: [0], v: ['idle'] }], [['temperature', 1, 0], ['state', 'idle', 0]]], // prettier-ignore
    ['a sensor object, its unit converted', { deviceId: 'device-001', timestamp: '2026-11-20T12:00:00Z', sensorType: 'temperature', value: 72.5, unit: 'fahrenheit' }, [['temperature', 22.5, 0]]], // prettier-ignore
    ['pounds per square inch in kilopascal', { deviceId: 'device-001', timestamp: NOW_MS, sensorType: 'pressure', value: 10, unit: 'psi' }, [['pressure', 68.9475729317, 0]]], // prettier-ignore
  ])('takes %s', (_, payload, expected) => {
    const decoded = send(payload);
    expect(decoded.rejections).toEqual([]);
    expect(values(decoded)).toEqual(expected);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['text that is not JSON', 'hello', 'MALFORMED', /not JSON/i],
    ['an empty list', [], 'MALFORMED', /empty/],
    ['an empty object', {}, 'MALFORMED', /none of/],
    ['no values', { values: {} }, 'MALFORMED', /empty/],
    ['an instant without a zone', { ts: '2026-11-20T12:00:00', values: { temperature: 1 } }, 'MALFORMED', /RFC 3339/],
    ['an impossible date', { ts: '2026-02-30T12:00:00Z', values: { temperature: 1 } }, 'MALFORMED', /RFC 3339/],
    ['columns of unequal length', { metric: 'temperature', t0: NOW_MS, dt: [0], v: [1, 2] }, 'MALFORMED', /dt must be a list of 2/],
    ['another device in the payload', { deviceId: 'device-002', timestamp: NOW_MS, sensorType: 'temperature', value: 1 }, 'DEVICE_MISMATCH', /device-002/], // prettier-ignore
    ['an unknown metric', { values: { humidity: 1 } }, 'UNKNOWN_METRIC', /humidity/],
    ['null', { values: { temperature: null } }, 'WRONG_TYPE', /null/],
    ['an infinite number', '{"values":{"temperature":1e999}}', 'WRONG_TYPE', /infinite/],
    ['text for a number', { values: { temperature: '75' } }, 'WRONG_TYPE', /must be a number/],
    ['a number for true or false', { values: { running: 1 } }, 'WRONG_TYPE', /true or false/],
    ['a word that is not allowed', { values: { state: 'flying' } }, 'WRONG_TYPE', /idle, running/],
    ['a unit of something else', { deviceId: 'device-001', timestamp: NOW_MS, sensorType: 'temperature', value: 1, unit: 'bar' }, 'UNIT_MISMATCH', /"bar".*Cel/], // prettier-ignore
    ['a value beyond the plausible', { values: { temperature: 200.1 } }, 'IMPLAUSIBLE', /-50 to 200/],
    ['more than five minutes ahead', { ts: NOW_MS + 300_001, values: { temperature: 1 } }, 'IN_THE_FUTURE', /ahead/],
    ['older than raw retention', { ts: NOW_MS - 91 * 86_400_000, values: { temperature: 1 } }, 'TOO_OLD', /91 days/],
    ['a word of more than a kilobyte', { values: { state: 'x'.repeat(1025) } }, 'TOO_LARGE', /1024 bytes/],
    ['more than 10,000 readings', { metric: 'temperature', t0: NOW_MS, dt: Array(10_001).fill(0), v: Array(10_001).fill(1) }, 'TOO_LARGE', /10000/], // prettier-ignore
    ['a megabyte and one byte', `"${'x'.repeat(1024 * 1024 - 1)}"`, 'TOO_LARGE', /1048577/],
    ['a hostile nesting', '['.repeat(200_000) + ']'.repeat(200_000), 'MALFORMED', /not an object/],
    ['prototype keys', '{"values":{"__proto__":1}}', 'UNKNOWN_METRIC', /__proto__/],
  ])('refuses %s', (_, payload, reason, detail) => {
    const decoded = send(payload);
    expect(decoded.readings).toEqual([]);
    expect(reasons(decoded)).toEqual([reason]);
    expect(decoded.rejections[0]!.detail).toMatch(detail);
  });

  it('keeps bytes that are not UTF-8 as they came', () => {
    const payload = Buffer.from([0x7b, 0xff, 0xfe]);
    const [letter] = decodeMessage({ topic: TOPIC, payload }, context).rejections;
    expect(letter).toMatchObject({ reason: 'MALFORMED', encoding: 'BASE64', payload: payload.toString('base64') });
  });

  it('refuses one reading and takes its neighbours', () => {
    const decoded = send([{ ts: NOW_MS, values: { temperature: 1, humidity: 2 } }, 7, { ts: NOW_MS, values: { running: false } }]);
    expect(values(decoded)).toEqual([['temperature', 1, 0], ['running', 0, 0]]); // prettier-ignore
    expect(decoded.rejections.map(({ reason, payload }) => [reason, JSON.parse(payload)])).toEqual([
      ['UNKNOWN_METRIC', { ts: NOW_MS, values: { humidity: 2 } }],
      ['MALFORMED', 7],
    ]);
  });

  it('flags a reading as late after the time its profile allows', () => {
    const [on, late] = send({ metric: 'temperature', t0: NOW_MS, dt: [-60_000, -60_001], v: [1, 2] }).readings[0]!.readings;
    expect([on!.flags, late!.flags]).toEqual([0, ReadingFlag.LATE]);
  });

  it('tells of labels that the registry does not hold yet', () => {
    const one = { deviceId: 'device-001', timestamp: NOW_MS, sensorType: 'temperature', value: 1, location: 'Hall A', status: 'active' };
    expect(send(one).events).toMatchObject([{ event: 'labels', labels: [{ key: 'status', value: 'active' }], deviceId: 'd1' }]);
  });
});

describe('who may say what', () => {
  it('puts an unknown device into the inbox of its organization, and an unknown organization into nobody’s', () => {
    expect(send('{}', 'pulse/v1/demo/nobody/readings').rejections).toMatchObject([
      { reason: 'UNKNOWN_DEVICE', organizationId: 'o1', deviceKey: 'nobody', deviceId: null },
    ]);
    expect(send('{}', 'pulse/v1/acme/device-001/readings')).toMatchObject({ rejections: [], unattributed: [{ reason: 'UNKNOWN_DEVICE' }] });
  });

  it('refuses what a device publishes in another’s name, in its own organization’s inbox', () => {
    const sender = { organizationKey: 'demo', deviceKey: 'device-001' };
    const decoded = send({ values: { temperature: 1 } }, 'pulse/v1/acme/other/readings', { sender });
    expect(decoded).toMatchObject({ readings: [], rejections: [{ reason: 'FORBIDDEN_TOPIC', organizationId: 'o1', deviceId: 'd1' }] });
  });

  it.each(['pulse/v1/demo/device-001/twin/desired', 'pulse/v1/demo/device-001/nonsense'])('refuses %s as no topic for devices', (topic) => {
    expect(reasons(send('{}', topic))).toEqual(['UNKNOWN_TOPIC']);
  });
});

describe('device events', () => {
  const prefix = 'pulse/v1/demo/device-001/';
  it.each<[string, unknown, object]>([
    ['status', 'offline', { event: 'status', online: false }],
    ['twin/reported', { fan: { speed: 3 }, old: null }, { event: 'twin-reported', patch: { fan: { speed: 3 }, old: null } }],
    [
      'commands/c-1/result',
      { status: 'SUCCEEDED', result: 4 },
      { event: 'command-result', commandId: 'c-1', status: 'SUCCEEDED', result: 4 },
    ],
    ['firmware/progress', { version: '2', state: 'DOWNLOADING', percent: 40 }, { event: 'firmware-progress', percent: 40 }],
  ])('%s', (suffix, payload, expected) => {
    expect(send(payload, prefix + suffix).events).toEqual([expect.objectContaining({ ...expected, deviceId: 'd1', receivedAtUs: NOW_US })]);
  });

  it.each<[string, unknown]>([
    ['status', 'away'],
    ['status', ''],
    ['twin/reported', [1]],
    ['commands/c-1/result', { status: 'DONE' }],
    ['firmware/progress', { version: '2', state: 'x', percent: 101 }],
  ])('%s refuses %j', (suffix, payload) => {
    expect(send(payload, prefix + suffix)).toMatchObject({ events: [], rejections: [{ reason: 'MALFORMED' }] });
  });
});

describe('dead letters', () => {
  it('come through once the cause is fixed, at the instant they had, and late', () => {
    const [letter] = send({ values: { humidity: 40 } }).rejections;
    const fixed = { ...profile, metrics: [...profile.metrics, metric({ metric: 'humidity', unit: '%' })] };
    const later = { registry: { ...registry, profile: () => fixed }, receivedAtUs: NOW_US + 3600e6, rawRetentionDays: 90 };
    const decoded = decodeDeadLetter(letter!, 'demo', later);
    expect(decoded.rejections).toEqual([]);
    expect(decoded.readings[0]!.readings).toEqual([
      expect.objectContaining({ metric: 'humidity', recordedAtUs: NOW_US, flags: ReadingFlag.LATE }),
    ]);
    expect(decodeDeadLetter({ ...letter!, topic: null, source: 'http' }, 'demo', later).readings).toEqual(decoded.readings);
  });
});

const anyReading = fc.oneof(
  fc.record(
    { ts: fc.oneof(fc.integer(), fc.double(), fc.string()), values: fc.dictionary(fc.string(), fc.jsonValue()) },
    { requiredKeys: ['values'] },
  ),
  fc.record({
    metric: fc.constantFrom('temperature', 'state', 'x'),
    t0: fc.constantFrom(NOW_MS, 'yesterday', -1),
    dt: fc.array(fc.oneof(fc.double(), fc.jsonValue()), { maxLength: 4 }),
    v: fc.array(fc.jsonValue(), { maxLength: 4 }),
  }),
  fc.record({ deviceId: fc.constantFrom('device-001', 'other', 4), sensorType: fc.jsonValue(), value: fc.jsonValue(), unit: fc.jsonValue(), location: fc.jsonValue() }), // prettier-ignore
  fc.jsonValue(),
);

describe('whatever comes', () => {
  it('never throws, and every refusal has a reason, a detail and something to show', () => {
    const payloads = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      anyReading.map((one) => Buffer.from(JSON.stringify(one))),
      fc.array(anyReading, { maxLength: 5 }).map((list) => Buffer.from(JSON.stringify(list))),
    );
    const suffixes = fc.constantFrom('readings', 'status', 'twin/reported', 'commands/1/result', 'firmware/progress', 'x');
    fc.assert(
      fc.property(payloads, suffixes, (payload, suffix) => {
        const decoded = decodeMessage({ topic: `pulse/v1/demo/device-001/${suffix}`, payload }, context);
        expect(decoded.readings.length + decoded.events.length + decoded.rejections.length).toBeGreaterThan(0);
        for (const { reason, detail, receivedAtUs } of decoded.rejections) {
          expect(Object.keys(REJECTION_REASONS)).toContain(reason);
          expect(detail).toMatch(/\S/);
          expect(detail.length).toBeLessThan(400);
          expect(receivedAtUs).toBe(NOW_US);
        }
      }),
      { numRuns: 1500, seed: 7 },
    );
  });

  it('accepts or refuses each reading once, and refuses a refused part again, alone, for the same reason', () => {
    fc.assert(
      fc.property(fc.array(anyReading, { minLength: 1, maxLength: 6 }), (list) => {
        const decoded = send(list);
        const accepted = decoded.readings.flatMap(({ readings }) => readings);
        const eachAlone = list.map((one) => send([one]));
        expect(accepted.length + decoded.rejections.length).toBe(
          eachAlone.reduce((sum, { readings, rejections }) => sum + (readings[0]?.readings.length ?? 0) + rejections.length, 0),
        );
        for (const letter of decoded.rejections) {
          const again = decodeDeadLetter(letter, 'demo', context);
          expect(again.readings).toEqual([]);
          expect(reasons(again)).toEqual([letter.reason]);
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it('reads columns back exactly as they were written', () => {
    const points = fc.array(fc.record({ offset: fc.integer({ min: -3_600_000, max: 0 }), value: fc.double({ min: -50, max: 200, noNaN: true }) }), { minLength: 1, maxLength: 200 }); // prettier-ignore
    fc.assert(
      fc.property(points, (list) => {
        const decoded = send({
          metric: 'temperature',
          t0: NOW_MS,
          dt: list.map(({ offset }) => offset),
          v: list.map(({ value }) => value),
        });
        expect(decoded.rejections).toEqual([]);
        expect(decoded.readings[0]!.readings.map(({ recordedAtUs, value }) => [recordedAtUs, value])).toEqual(
          list.map(({ offset, value }) => [NOW_US + offset * 1000, Object.is(value, -0) ? 0 : value]),
        );
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});
