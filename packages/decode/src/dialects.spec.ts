import fc from 'fast-check';
import { parse } from 'protobufjs';
import { ReadingFlag, REJECTION_REASONS, type DeviceEntry, type MetricEntry, type ProfileEntry } from '@pulsegraph/contracts';
import { DialectMemory, decodeDeadLetter, decodeMessage, decodeLineProtocol, type DecodedMessage, type DeviceDirectory } from './index.js';
import { decodeCbor } from './senml/cbor.js';
import { decodePayload } from './sparkplug/payload.js';

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const NOW_US = NOW_MS * 1000;
const metric = (name: string, unit = 'Cel', kind: MetricEntry['kind'] = 'NUMBER'): MetricEntry => ({
  metric: name, name, kind, values: null, unit, normalMin: null, normalMax: null, alertMin: null, alertMax: null,
  plausibleMin: null, plausibleMax: null, expectedIntervalMs: 1000,
}); // prettier-ignore
const profile: ProfileEntry = {
  id: 'p1', organizationId: 'o1', key: 'p', name: 'P', offlineAfterMs: 60_000, lateAfterMs: 60_000,
  metrics: [
    metric('temperature'), metric('humidity', '%'), metric('running', '1', 'BOOLEAN'), metric('state', '1', 'TEXT'),
    metric('cpu.cpu0.idle', '%'), metric('weather.a b.temp,in'), metric('line1/temperature'), metric('line1/mode', '1', 'TEXT'),
    metric('pump-1/temperature'), metric('counter', '1'),
  ],
}; // prettier-ignore
const entry = (id: string, key: string): DeviceEntry => ({ id, organizationId: 'o1', key, name: key, profileId: 'p1', lifecycle: 'ACTIVE', labels: [] }); // prettier-ignore
const devices = [entry('d1', 'device-001'), entry('d2', 'device-002')];
const registry: DeviceDirectory = {
  organizationByKey: (key) => (key === 'demo' ? { id: 'o1', key: 'demo' } : undefined),
  deviceByKey: (_, key) => devices.find((device) => device.key === key),
  profile: () => profile,
};
const sender = { organizationKey: 'demo', deviceKey: 'device-001' };
let memory = new DialectMemory();
beforeEach(() => (memory = new DialectMemory()));
const context = () => ({ registry, receivedAtUs: NOW_US, rawRetentionDays: 90, sender, memory });
const bytesOf = (payload: unknown) =>
  payload instanceof Uint8Array ? payload : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
const send = (topic: string, payload: unknown, over: object = {}): DecodedMessage =>
  decodeMessage({ topic, payload: bytesOf(payload) }, { ...context(), ...over });
const values = ({ readings }: DecodedMessage) =>
  readings.flatMap(({ readings: list }) => list.map((r) => [r.metric, r.text ?? r.value, r.recordedAtUs - NOW_US]));
const refused = ({ rejections }: DecodedMessage) => rejections.map(({ reason, detail }) => `${reason}: ${detail}`);
const online = ({ events }: DecodedMessage) => events.map((event) => (event.event === 'status' ? event.online : event.event));
const own = (encoding: string) => `pulse/v1/demo/device-001/readings/${encoding}`;

describe('ThingsBoard device topics', () => {
  it.each<[unknown, unknown[]]>([
    [{ temperature: 21.5, running: true }, [['temperature', 21.5, 0], ['running', 1, 0]]],
    [{ ts: NOW_MS - 5, values: { temperature: 21 } }, [['temperature', 21, -5000]]],
    [[{ temperature: 1 }, { ts: NOW_MS, values: { humidity: 40 } }], [['temperature', 1, 0], ['humidity', 40, 0]]],
  ])('take %j from whoever signed in', (payload, expected) => {
    for (const topic of ['v1/devices/me/telemetry', 'v2/t']) expect(values(send(topic, payload))).toEqual(expected);
  }); // prettier-ignore

  it('keep client attributes as what the twin reports', () => {
    expect(send('v1/devices/me/attributes', { version: '1.2' }).events).toMatchObject([
      { event: 'twin-reported', patch: { version: '1.2' } },
    ]);
  });

  it('mean nobody behind a broker, and refuse what is no JSON', () => {
    expect(send('v2/t', { temperature: 1 }, { sender: null }).unattributed).toMatchObject([{ reason: 'UNKNOWN_TOPIC' }]);
    expect(refused(send('v2/t', '{'))[0]).toMatch(/^MALFORMED: Not JSON/);
  });

  it('replay a dead letter for the device that sent it', () => {
    const [letter] = send('v2/t', { pressure: 1 }).rejections;
    expect(letter).toMatchObject({ reason: 'UNKNOWN_METRIC', source: 'thingsboard' });
    const cured = { ...letter!, payload: letter!.payload.replace('pressure', 'temperature') };
    expect(values(decodeDeadLetter(cured, 'demo', { registry, receivedAtUs: NOW_US + 9e6, rawRetentionDays: 90 }))).toEqual([['temperature', 1, 0]]); // prettier-ignore
  });
});

describe('InfluxDB line protocol', () => {
  const ns = (us: number) => `${NOW_US + us}789`;

  it.each<[string, string, unknown[]]>([
    ['one field', `temperature value=21.5 ${ns(-7)}`, [['temperature', 21.5, -7]]],
    ['tags as part of the name, in the order of their keys, but for the host', `cpu,host=x,cpu=cpu0 idle=97i`, [['cpu.cpu0.idle', 97, 0]]],
    ['escapes', String.raw`weather,place=a\ b temp\,in=3 `, [['weather.a b.temp,in', 3, 0]]],
    ['truth and text', `running value=T\nstate value="say \\"hi\\", \\\\ now=1"`, [['running', 1, 0], ['state', String.raw`say "hi", \ now=1`, 1]]],
    ['several lines, comments, Windows line ends', `# c\r\ntemperature value=1 ${ns(0)}\r\n\n humidity value=2u ${ns(1)}\n`, [['temperature', 1, 0], ['humidity', 2, 1]]], // prettier-ignore
    ['exponents and signs', 'counter value=-1.5e3', [['counter', -1500, 0]]],
    ['a line break in text', 'state value="a\nb"\ntemperature value=1', [['state', 'a\nb', 0], ['temperature', 1, 1]]],
  ])('takes %s', (_, payload, expected) => {
    const decoded = send(own('influx'), payload);
    expect(refused(decoded)).toEqual([]);
    expect(values(decoded)).toEqual(expected);
  }); // prettier-ignore

  it('refuses bad lines one by one, as they were sent, and takes the rest', () => {
    const bad = ['temperature', 'temperature value=', 'temperature value=1 soon', ',a=b value=1', 'temperature value="open', 't,=x value=1', 'temperature value=1x 5', 'temperature value=1 5 6'];
    for (const line of bad.filter((text) => !text.includes('"'))) {
      const decoded = send(own('influx'), `temperature value=1\n${line}\nhumidity value=2`);
      expect(values(decoded)).toHaveLength(2);
      expect(decoded.rejections).toMatchObject([{ reason: 'MALFORMED', payload: line, detail: expect.stringMatching(/^Line 2: /) as string }]);
    }
    expect(refused(send(own('influx'), bad[4]!))).toEqual(['MALFORMED: Line 1: the text of value does not end.']);
    expect(refused(send(own('influx'), '# nothing\n'))).toEqual(['MALFORMED: There is no line in it.']);
  }); // prettier-ignore

  it('reads other precisions, and instants that no double holds', () => {
    const read = (stamp: string, precision: 'us' | 'ms' | 's') =>
      decodeLineProtocol(Buffer.from(`t value=1 ${stamp}`), NOW_US, precision).readings[0]!.recordedAtUs;
    expect([read(`${NOW_US}`, 'us'), read(`${NOW_MS}`, 'ms'), read(`${NOW_MS / 1000}`, 's')]).toEqual([NOW_US, NOW_US, NOW_US]);
    expect(refused(send(own('influx'), 'temperature value=1 9000000000000000000'))[0]).toMatch(/^IN_THE_FUTURE/);
    expect(refused(send(own('influx'), 'temperature value=1 9223372036854775807'))[0]).toMatch(/beyond all calendars/);
  });

  it('comes from Telegraf under the device’s own name only', () => {
    expect(values(send('telegraf/device-001/cpu', 'temperature value=1'))).toHaveLength(1);
    expect(refused(send('telegraf/device-002/cpu', 'temperature value=1'))[0]).toMatch(/^FORBIDDEN_TOPIC/);
    expect(send('telegraf/device-001/cpu', 't value=1', { sender: null }).unattributed).toHaveLength(1);
  });
});

describe('SenML', () => {
  const AT_S = NOW_MS / 1000;
  it.each<[string, unknown, unknown[]]>([
    ['base fields', [{ bn: 'urn:dev:ow:1:', bt: AT_S - 1, bu: 'Cel', n: 'temperature', v: 23.1 }, { n: 'humidity', u: '%RH', v: 40, t: 1 }], [['temperature', 23.1, -1e6], ['humidity', 40, 0]]],
    ['relative time', [{ n: 'temperature', v: 1, t: -2.000001 }], [['temperature', 1, -2000001]]],
    ['a fraction of a second', [{ n: 'temperature', v: 1, t: AT_S - 0.25 }], [['temperature', 1, -250000]]],
    ['base values', [{ n: 'temperature', bv: 20, v: 1.5 }, { n: 'humidity', v: 1 }], [['temperature', 21.5, 0], ['humidity', 21, 0]]],
    ['text and truth', [{ n: 'state', vs: 'on' }, { n: 'running', vb: true }], [['state', 'on', 0], ['running', 1, 0]]],
    ['the device’s name in front', [{ bn: 'device-001/', n: 'temperature', v: 1 }], [['temperature', 1, 0]]],
    ['base fields alone', [{ bn: 'x:' }, { n: 'temperature', u: 'Cel', v: 1 }], [['temperature', 1, 0]]],
    ['a metric twice without a time', [{ n: 'temperature', v: 1 }, { n: 'temperature', v: 2 }], [['temperature', 1, 0], ['temperature', 2, 1]]],
  ])('takes %s', (_, payload, expected) => {
    const decoded = send(own('senml'), payload);
    expect(refused(decoded)).toEqual([]);
    expect(values(decoded)).toEqual(expected);
  }); // prettier-ignore

  it.each<[string, unknown, RegExp]>([
    ['a field that must be understood', [{ n: 'temperature', v: 1, secret_: 1 }], /MALFORMED: \[0\] has the field secret_/],
    ['a later version', [{ bver: 11, n: 'temperature', v: 1 }], /needs SenML version 11/],
    ['two values', [{ n: 'temperature', v: 1, vs: 'x' }], /more than one value/],
    ['no value', [{ n: 'temperature' }], /has no value/],
    ['data', [{ n: 'temperature', vd: 'AA' }], /holds data/],
    ['an object', { n: 'temperature', v: 1 }, /list of records/],
    ['an empty pack', [], /empty list/],
    ['a wrong unit', [{ n: 'temperature', u: 'V', v: 1 }], /UNIT_MISMATCH/],
  ])('refuses %s', (_, payload, detail) => {
    const decoded = send(own('senml'), payload);
    expect([values(decoded), refused(decoded).length]).toEqual([[], 1]);
    expect(refused(decoded)[0]).toMatch(detail);
  });

  it('reads the CBOR example of RFC 8428 §6', () => {
    const hex =
      '87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b00106223614120050067766f6c7461676501615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333a3006763757272656e74062302fb3ff4cccccccccccda3006763757272656e74062202fb3ff6666666666666a3006763757272656e74062102f93e00a3006763757272656e74062002fb3ff999999999999aa3006763757272656e74060002fb3ffb333333333333';
    const decoded = send(own('senml'), Buffer.from(hex, 'hex'));
    expect(decoded.rejections.map(({ reason, detail }) => [reason, /metric "(\w+)"/.exec(detail)?.[1]])).toEqual([
      ['UNKNOWN_METRIC', 'voltage'],
      ...Array.from({ length: 6 }, () => ['UNKNOWN_METRIC', 'current']),
    ]);
    expect(JSON.parse(decoded.rejections[0]!.payload)).toMatchObject({ v: [120.1], t0: 1276020076001, unit: 'V' });
  });

  it('refuses CBOR that promises more than it brings', () => {
    for (const hex of ['9b00ffffffffffffff', '81a1005affffffff', '81', '9f', '8181818181818181818181', 'a0ff', '80ff'])
      expect(() => decodeCbor(Buffer.from(hex, 'hex'))).toThrow(RangeError);
    const crowd = Buffer.concat([Buffer.from([0x9f]), Buffer.alloc(300_000, 0xa0), Buffer.from([0xff])]);
    expect(refused(send(own('senml'), crowd))).toEqual(['TOO_LARGE: More than 10000 records in one message.']);
    expect(refused(send(own('senml'), Buffer.from('81a1', 'hex')))[0]).toMatch(/^MALFORMED: Not CBOR of ours: it ends too early/);
    expect([...(decodeCbor(Buffer.from('a102c48220 18e1'.replace(' ', ''), 'hex')) as Map<number, unknown>)]).toEqual([[2, 22.5]]);
  });
});

describe('Homie 5', () => {
  const at = (rest: string, payload: unknown, over = {}) => send(`homie/5/device-001/${rest}`, payload, over);
  const describe_ = (datatype: string, unit?: string) =>
    at('$description', {
      homie: '5.0',
      nodes: { line1: { properties: { temperature: { datatype: 'float', unit: '°F' }, mode: { datatype, unit } } } },
    });

  it('takes values by topic, in the unit and the type that the description says', () => {
    expect(values(at('line1/temperature', '21.5'))).toEqual([['line1/temperature', 21.5, 0]]);
    describe_('string');
    expect(values(at('line1/temperature', '72.5'))).toEqual([['line1/temperature', 22.5, 0]]);
    expect(values(at('line1/mode', '7'))).toEqual([['line1/mode', '7', 0]]);
    expect(values(at('line1/mode', '\0'))).toEqual([['line1/mode', '', 0]]);
    describe_('integer');
    expect(refused(at('line1/mode', 'seven'))[0]).toMatch(/^MALFORMED: line1\/mode is described as integer/);
  }); // prettier-ignore

  it('tells the state', () => {
    expect(['init', 'ready', 'sleeping', 'disconnected', 'lost', ''].map((word) => online(at('$state', word)))).toEqual([[], [true], [], [false], [false], [false]]);
    expect(refused(at('$state', 'tired'))[0]).toMatch(/^MALFORMED: A state is one of/);
    expect(refused(at('$state', 'constructor'))).toHaveLength(1);
  }); // prettier-ignore

  it('passes over what is no reading', () => {
    for (const rest of ['$alert/low', '$log/warn', 'line1/temperature/$target', 'line1/temperature'])
      expect([values(at(rest, '')), refused(at(rest, ''))]).toEqual([[], []]);
  });

  it('learns nothing from another device', () => {
    expect(refused(send('homie/5/device-002/$description', '{}'))[0]).toMatch(/^FORBIDDEN_TOPIC/);
    expect(memory.get('homie demo/device-002')).toBeUndefined();
    expect(values(send('demo/5/device-002/line1/temperature', '3', { sender: null }))).toHaveLength(1);
  });
});

describe('Sparkplug B', () => {
  // The official schema's field numbers, written by hand: what a node would send.
  const Payload = parse(`syntax = "proto2"; message P { optional uint64 timestamp = 1; repeated M metrics = 2; optional uint64 seq = 3;
    message V { optional uint32 type = 1; optional uint32 int_value = 3; } message S { repeated string keys = 1; repeated V values = 2; }
    message M { optional string name = 1; optional uint64 alias = 2; optional uint64 timestamp = 3; optional uint32 datatype = 4;
      optional bool is_historical = 5; optional bool is_null = 7; optional S properties = 9; optional uint32 int_value = 10;
      optional uint64 long_value = 11; optional float float_value = 12; optional double double_value = 13; optional bool boolean_value = 14;
      optional string string_value = 15; optional bytes template_value = 18; } }`).root.lookupType('P');
  const node = (type: string, seq: number | undefined, metrics: object[], { child = '', over = {} } = {}) =>
    send(`spBv1.0/demo/${type}/device-001${child}`, Payload.encode(Payload.fromObject({ timestamp: NOW_MS, metrics, ...(seq !== undefined && { seq }) })).finish(), over); // prettier-ignore
  const bdSeq = (value: number) => ({ name: 'bdSeq', datatype: 8, longValue: value });
  const birth = (over = {}) =>
    node('NBIRTH', 0, [bdSeq(3), { name: 'Node Control/Rebirth', datatype: 11, booleanValue: false }, { name: 'temperature', alias: 1, datatype: 10, doubleValue: 20 }, { name: 'counter', alias: 2, datatype: 3, intValue: 0 }], over); // prettier-ignore

  it('reads a birth, then data by alias', () => {
    const born = birth();
    expect([values(born), online(born), refused(born)]).toEqual([[['temperature', 20, 0], ['counter', 0, 0]], [true], []]); // prettier-ignore
    const data = node('NDATA', 1, [
      { alias: 1, timestamp: NOW_MS - 3, doubleValue: 21 },
      { alias: 2, intValue: 0xffffffff },
    ]);
    expect(values(data)).toEqual([['temperature', 21, -3000], ['counter', -1, 0]]); // prettier-ignore
    expect(data.downlinks).toBeUndefined();
  });

  it('takes 32-bit numbers from the 64-bit field and 8-bit ones sign-extended or not', () => {
    const sent = [{ datatype: 7, longValue: 7 }, { datatype: 1, intValue: 0xff }, { datatype: 1, intValue: 0xffffffff }, { datatype: 4, longValue: '18446744073709551614' }];
    expect(sent.map((fields) => values(node('NDATA', 1, [{ name: 'counter', ...fields }]))[0]![1])).toEqual([7, -1, -1, -2]);
  }); // prettier-ignore

  it('asks for a rebirth when a message or the birth was missed, once', () => {
    birth();
    const gap = node('NDATA', 2, [{ alias: 1, doubleValue: 21 }]);
    expect(values(gap)).toHaveLength(1);
    expect(gap.downlinks?.map(({ topic }) => topic)).toEqual(['spBv1.0/demo/NCMD/device-001']);
    expect(decodePayload(gap.downlinks![0]!.payload).metrics).toEqual([{ name: 'Node Control/Rebirth', datatype: 11, booleanValue: true }]);
    expect(node('NDATA', 3, [{ alias: 1, doubleValue: 22 }]).downlinks).toBeUndefined();
    birth();
    expect(node('NDATA', 1, [{ alias: 1, doubleValue: 23 }]).downlinks).toBeUndefined();
    memory = new DialectMemory();
    const stranger = node('NDATA', 9, [
      { alias: 1, doubleValue: 1 },
      { name: 'temperature', datatype: 10, doubleValue: 5 },
    ]);
    expect([values(stranger), stranger.downlinks?.length]).toEqual([[['temperature', 5, 0]], 1]);
    expect(refused(stranger)[0]).toMatch(/^MALFORMED: \[0\] alias 1 stands for no metric/);
  });

  it('wraps the sequence at 256', () => {
    birth();
    for (let seq = 1; seq < 600; seq++) expect(node('NDATA', seq % 256, [{ alias: 1, doubleValue: seq }]).downlinks).toBeUndefined();
  });

  it('believes the will of this connection, not of an earlier one', () => {
    birth();
    expect(online(node('NDEATH', undefined, [bdSeq(2)]))).toEqual([]);
    expect(online(node('NDEATH', undefined, [bdSeq(3)]))).toEqual([false]);
  });

  it('names metrics of devices behind the node after them, and forgets them with their death', () => {
    birth();
    const pump = { child: '/pump-1' };
    expect(values(node('DBIRTH', 1, [{ name: 'temperature', alias: 7, datatype: 9, floatValue: 1.5 }], pump))).toEqual([['pump-1/temperature', 1.5, 0]]);
    expect(values(node('DDATA', 2, [{ alias: 7, floatValue: 2.5 }], pump))).toEqual([['pump-1/temperature', 2.5, 0]]);
    node('DDEATH', 3, [], pump);
    expect(refused(node('DDATA', 4, [{ alias: 7, floatValue: 2.5 }], pump))).toHaveLength(1);
  }); // prettier-ignore

  it('marks history and doubt, and passes over null', () => {
    const sent = [
      { name: 'temperature', datatype: 10, doubleValue: 1, isHistorical: true },
      { name: 'humidity', datatype: 10, doubleValue: 2, properties: { keys: ['Quality'], values: [{ type: 3, intValue: 0 }] } },
      { name: 'counter', datatype: 10, isNull: true },
    ];
    const { readings, rejections } = node('NDATA', 1, sent);
    expect(readings[0]!.readings.map(({ flags }) => flags)).toEqual([ReadingFlag.HISTORICAL, ReadingFlag.SUSPECT]);
    expect(rejections).toEqual([]);
  });

  it('refuses templates, arrays, commands, and what is no protobuf', () => {
    expect(refused(node('NDATA', 1, [{ name: 'temperature', datatype: 19, templateValue: Buffer.from([8, 1]) }]))[0]).toMatch(
      /^WRONG_TYPE/,
    );
    expect(refused(node('NDATA', 1, [{ name: 'temperature', datatype: 22 }]))[0]).toMatch(/Sparkplug type 22/);
    expect(refused(send('spBv1.0/demo/NDATA/device-001', Buffer.from('1200'.repeat(10_001), 'hex')))[0]).toMatch(
      /^TOO_LARGE: More than 10000 metrics/,
    );
    expect(refused(send('spBv1.0/demo/NDATA/device-001', Buffer.alloc(1024 * 1024, 0x0b)))[0]).toMatch(/^MALFORMED: No Sparkplug payload/);
    expect(refused(node('NCMD', 1, []))[0]).toMatch(/^MALFORMED: Commands/);
    expect(refused(node('DDATA', 1, []))[0]).toMatch(/needs a device/);
    expect(refused(send('spBv1.0/demo/NDATA/device-001', Buffer.from([0xff, 0xff])))[0]).toMatch(/^MALFORMED: No Sparkplug payload/);
  });

  it('learns nothing from another device', () => {
    expect(refused(birth({ over: { sender: { ...sender, deviceKey: 'device-002' } } }))[0]).toMatch(/^FORBIDDEN_TOPIC/);
    expect(memory.get('sparkplug demo/device-001')).toBeUndefined();
  });
});

describe('memory of dialects', () => {
  it('forgets whoever was silent longest when it is full', () => {
    const small = new DialectMemory(10);
    small.set('a', {}, 4);
    small.set('b', {}, 4);
    expect(small.get('a')).toBeDefined();
    small.set('c', {}, 4);
    expect(['a', 'b', 'c'].map((key) => small.get(key) !== undefined)).toEqual([true, false, true]);
  });
});

describe('hostile bytes', () => {
  const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
  const bounds = seconds > 0 ? { numRuns: 1e9, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false } : { numRuns: 400 };
  const json = fc.json().map((text) => Buffer.from(text));
  const seeds = ['temperature,host=a value=1i,b="x\\"" 1', '[{"bn":"a","n":"temperature","v":1,"t":-1}]', '\x81\xa2\x00\x61t\x02\x01', '\n\x08\n\x06counter \x03', '\x12\x0a\x0a\x04temp\x20\x0a\x69\0'].map((text) => Buffer.from(text, 'latin1')); // prettier-ignore
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 6 }), fc.nat(45))
    .map(([seed, edits, length]) => {
      const bytes = Buffer.from(seed);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      return bytes.subarray(0, length);
    });
  const payload = fc.oneof(fc.uint8Array({ maxLength: 200 }), json, mutated, fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)), fc.stringMatching(/^[a-c,= "\\\n0-9.itT]{0,60}$/).map((text) => Buffer.from(text))); // prettier-ignore

  it.each([
    'v1/devices/me/telemetry',
    'v2/a',
    own('influx'),
    own('senml'),
    'homie/5/device-001/$description',
    'homie/5/device-001/line1/temperature',
    'homie/5/device-001/$state',
    'spBv1.0/demo/NBIRTH/device-001',
    'spBv1.0/demo/DDATA/device-001/x',
    'spBv1.0/demo/NDEATH/device-001',
  ])(
    'on %s never throw, and every refusal has a reason',
    (topic) => {
      fc.assert(
        fc.property(payload, (bytes) => {
          const { readings, rejections, unattributed } = send(topic, bytes);
          expect(unattributed).toEqual([]);
          for (const { reason, detail } of rejections) {
            expect(Object.keys(REJECTION_REASONS)).toContain(reason);
            expect(detail.length).toBeGreaterThan(0);
            expect(detail.length).toBeLessThan(500);
          }
          for (const { readings: list } of readings)
            for (const { value, text, recordedAtUs } of list) {
              expect(Number.isSafeInteger(recordedAtUs)).toBe(true);
              expect(text !== null || Number.isFinite(value)).toBe(true);
            }
        }),
        { seed: 5, ...bounds },
      );
    },
    (seconds + 60) * 1000,
  );
});
