import { eventually } from '@pulsegraph/testkit';
import type { GraphQLResult } from '../../operation/plan-execution.js';
import { rawSocket } from '../../testing/raw-socket.js';
import { startTestGateway, type TestGateway } from '../../testing/test-gateway.js';
import type { DeliveredEvent } from './history.js';
import { KeepAll } from './keep-all.js';
import { LatestEvents } from './latest-events.js';
import { LatestElements } from './latest-elements.js';

interface ReadingsResult {
  data: { readings: { readings: { deviceId: string; value: number; pad: string }[] } };
  extensions?: { delivery: { skipped: number } };
}

function anEvent(seq: number, rows: [key: string, value: number][], over: Partial<DeliveredEvent> = {}): DeliveredEvent {
  const result: GraphQLResult = { data: { r: { cursor: `c${seq}`, list: rows.map(([key, value]) => ({ key, value })) } } };
  return { seq, result, payload: Buffer.from(JSON.stringify(result)), cursor: `c${seq}`, keys: rows.map(([key]) => key), ...over };
}
const parsed = (catchUp: { payload: Buffer } | undefined) =>
  JSON.parse(catchUp!.payload.toString()) as {
    data: { r: { cursor: string; list: unknown[] } | null };
    errors?: unknown;
    extensions: unknown;
  };

describe('the newest per key', () => {
  it('merges what a client has missed, in order, and counts the rest exactly', () => {
    const history = new LatestElements('r', ['list'], 0);
    history.add(
      anEvent(1, [
        ['a', 1],
        ['b', 1],
      ]),
    );
    history.add(anEvent(2, [['a', 2]]));
    history.add(
      anEvent(3, [
        ['c', 3],
        ['a', 3],
      ]),
    );
    expect(parsed(history.after(0))).toEqual({
      data: {
        r: {
          cursor: 'c3',
          list: [
            { key: 'b', value: 1 },
            { key: 'c', value: 3 },
            { key: 'a', value: 3 },
          ],
        },
      },
      extensions: { delivery: { skipped: 2 } },
    });
    expect(parsed(history.after(1))).toMatchObject({
      data: {
        r: {
          list: [
            { key: 'c', value: 3 },
            { key: 'a', value: 3 },
          ],
        },
      },
      extensions: { delivery: { skipped: 1 } },
    });
    expect(history.after(3)).toBeUndefined();
  });

  it('gives the event itself to a client that is one behind, and the same bytes to all who have missed the same', () => {
    const history = new LatestElements('r', ['list'], 0);
    const events = [anEvent(1, [['a', 1]]), anEvent(2, [['a', 2]])];
    events.forEach((event) => history.add(event));
    expect(history.after(1)!.payload).toBe(events[1]!.payload);
    expect(history.after(0)!.payload).toBe(history.after(0)!.payload);
  });

  it('moves the errors of elements with them', () => {
    const history = new LatestElements('r', ['list'], 0);
    const base = anEvent(1, [
      ['a', 1],
      ['b', 1],
    ]);
    const errors = [{ message: 'no', path: ['r', 'list', 1, 'x'], extensions: { code: 'FORBIDDEN' } }];
    history.add({ ...base, result: { ...base.result, errors } });
    history.add(anEvent(2, [['a', 2]]));
    expect(parsed(history.after(0))).toMatchObject({
      data: { r: { list: [{ key: 'b' }, { key: 'a', value: 2 }] } },
      errors: [{ message: 'no', path: ['r', 'list', 0, 'x'] }],
    });
  });

  it('gives whole events where the key is of the event, oldest first, and says how many were passed over', () => {
    const history = new LatestEvents();
    const keys = ['a', 'b', 'a', 'c', 'a'];
    keys.forEach((key, index) => history.add({ ...anEvent(index + 1, []), keys: [key] }));
    const seen: [number, number][] = [];
    for (let next = history.after(0); next; next = history.after(next.seq)) seen.push([next.seq, next.skipped]);
    expect(seen).toEqual([
      [2, 1],
      [4, 1],
      [5, 0],
    ]);
    expect(parsed(history.after(0))).toMatchObject({ data: { r: { cursor: 'c2' } }, extensions: { delivery: { skipped: 1 } } });
    expect(history.after(0)!.payload).toBe(history.after(0)!.payload);
  });

  it('gives only the newest where the policy names no key', () => {
    const history = new LatestEvents();
    for (const seq of [1, 2, 3]) history.add({ ...anEvent(seq, []), keys: [''] });
    expect(history.after(0)).toMatchObject({ seq: 3, skipped: 2 });
    expect(history.after(3)).toBeUndefined();
  });
});

it('keeps all up to the bound, in order', () => {
  const history = new KeepAll(3, 0);
  for (let seq = 1; seq <= 3; seq += 1) history.add(anEvent(seq, []));
  expect([history.after(0)!.seq, history.after(1)!.seq, history.after(2)!.seq, history.after(3)]).toEqual([1, 2, 3, undefined]);
  expect(history.oldestServableSeq).toBe(0);
  history.add(anEvent(4, []));
  expect(history.oldestServableSeq).toBe(1);
  expect(history.after(1)!.seq).toBe(2);
});

describe('clients that do not read', () => {
  let g: TestGateway;
  beforeAll(async () => {
    g = await startTestGateway(false, { coalesceMs: 0 });
  });
  afterAll(() => g.stop());

  /** Fills the buffers of the kernel and the process until the gateway calls the client slow. */
  async function connect(query: string) {
    const socket = rawSocket(g.port);
    await socket.acknowledged(await g.identity.token());
    await socket.send({ id: '1', type: 'subscribe', payload: { query } });
    return socket;
  }
  const PAD = 'x'.repeat(40_000);

  it('get the newest per key and the exact number that they missed, while a quick one gets everything', async () => {
    const query = 'subscription { readings { readings { deviceId value metric } } }';
    const [slow, quick] = [await connect(query), await connect(query)];
    await eventually(() => expect(g.gateway.live.describe()).toMatchObject([{ clients: 2 }]));
    await eventually(() => expect(g.world.readings.open).toBe(1));
    slow.ws.pause();
    const EVENTS = 400;
    let published = 0;
    for (let n = 1; n <= EVENTS; n += 1) {
      g.world.readings.publish({
        readings: [
          { deviceId: 'd1', metric: PAD, value: n },
          { deviceId: 'd2', metric: PAD, value: n },
        ],
      });
      published += 2;
      if (n % 20 === 0) await eventually(() => expect(quick.messages.length).toBe(n + 1));
    }
    slow.ws.resume();
    const values = (messages: Record<string, unknown>[]) => messages.slice(1).map(({ payload }) => payload as ReadingsResult);
    await eventually(() =>
      expect(
        values(slow.messages)
          .at(-1)
          ?.data.readings.readings.map(({ value }) => value),
      ).toEqual([EVENTS, EVENTS]),
    );
    const received = values(slow.messages);
    const got = received.reduce((sum, { data }) => sum + data.readings.readings.length, 0);
    const skipped = received.reduce((sum, { extensions }) => sum + (extensions?.delivery.skipped ?? 0), 0);
    expect(skipped).toBeGreaterThan(0);
    expect(got + skipped).toBe(published);
    expect(values(quick.messages).map(({ data }) => data.readings.readings[0]!.value)).toEqual(
      Array.from({ length: EVENTS }, (_, n) => n + 1),
    );
    [slow, quick].forEach(({ ws }) => ws.terminate());
  });

  it('get an error and a close where the policy is to keep all', async () => {
    await eventually(() => expect(g.gateway.live.counts.groups).toBe(0));
    g.world.devices.set('large', { id: 'large', name: PAD, serial: 'L' });
    const query = 'subscription { changes { cursor n device { name } } }';
    const [slow, quick] = [await connect(query), await connect(query)];
    await eventually(() => expect(g.gateway.live.describe()).toMatchObject([{ clients: 2 }]));
    await eventually(() => expect(g.world.changes.open).toBe(1));
    slow.ws.pause();
    const numbers = ({ messages }: typeof slow) =>
      messages.filter(({ type }) => type === 'next').map(({ payload }) => (payload as { data: { changes: { n: number } } }).data.changes.n);
    let n = 0;
    while (g.gateway.live.describe()[0]!.clients === 2) {
      g.world.changes.publish({ n: (n += 1), deviceId: 'large' });
      await eventually(() => expect(numbers(quick)).toHaveLength(n));
    }
    slow.ws.resume();
    const { code, reason } = await slow.closed();
    expect(code).toBe(1013);
    expect(JSON.parse(reason)).toEqual({ retryAfterMs: expect.any(Number) as number });
    expect(slow.messages.at(-1)).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'SLOW_CONSUMER' } }] });
    // What it did get is without a hole, so its last cursor is the place to go on from.
    expect(numbers(slow)).toEqual(Array.from({ length: numbers(slow).length }, (_, index) => index + 1));
    g.world.changes.publish({ n: n + 1, deviceId: null });
    await eventually(() => expect(numbers(quick)).toEqual(Array.from({ length: n + 1 }, (_, index) => index + 1)));
    quick.ws.terminate();
  });
});
