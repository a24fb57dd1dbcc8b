import { eventually } from '@pulsegraph/testkit';
import { metricsRegister } from '@pulsegraph/kit/metrics';
import { rawSocket } from '../../testing/raw-socket.js';
import { collect, startTestGateway, type TestGateway } from '../../testing/test-gateway.js';

let g: TestGateway;
beforeAll(async () => {
  g = await startTestGateway(false, {
    limits: { connectionInitMs: 150, operationsPerSocket: 3, subscriptionsPerViewer: 5 },
    sessionGraceMs: 0,
  });
});
afterAll(() => g.stop());

const subscribe = (id: string, query = 'subscription { plain }', variables?: object) => ({
  id,
  type: 'subscribe',
  payload: { query, variables },
});

describe('graphql-transport-ws', () => {
  it.each([
    ['another subprotocol', 4406, 'graphql-ws', []],
    ['no subprotocol', 4406, '', []],
    ['what is not JSON', 4400, undefined, ['{']],
    ['a message without a type', 4400, undefined, [{ type: 'unknown' }]],
    ['a binary message', 4400, undefined, [Buffer.from([1, 2])]],
    ['subscribe before connection_init', 4401, undefined, [subscribe('1')]],
    ['connection_init twice', 4429, undefined, [{ type: 'connection_init' }, { type: 'connection_init' }]],
    ['an invalid token', 4403, undefined, [{ type: 'connection_init', payload: { authorization: 'Bearer nonsense' } }]],
    ['silence', 4408, undefined, []],
  ])('closes on %s with %d', async (_what, code, protocol, messages) => {
    const socket = rawSocket(g.port, protocol);
    for (const message of messages) await socket.send(message);
    expect((await socket.closed()).code).toBe(code);
  });

  it.each([
    ['without a query', { id: '1', type: 'subscribe', payload: {} }],
    ['without an id', { type: 'subscribe', payload: { query: '{ counted }' } }],
    ['with variables that are a list', { id: '1', type: 'subscribe', payload: { query: '{ counted }', variables: [] } }],
  ])('closes with 4400 on a subscribe %s', async (_what, message) => {
    const socket = rawSocket(g.port);
    await socket.acknowledged(await g.identity.token());
    await socket.send(message);
    expect((await socket.closed()).code).toBe(4400);
  });

  it('closes with 4409 when an id is used twice, and lets it be used again after the end', async () => {
    const socket = rawSocket(g.port);
    await socket.acknowledged(await g.identity.token());
    await socket.send(subscribe('a', '{ counted }'));
    expect(await socket.next()).toEqual({ id: 'a', type: 'next', payload: { data: { counted: 7 } } });
    expect(await socket.next()).toEqual({ id: 'a', type: 'complete' });
    await socket.send(subscribe('a'));
    await socket.send(subscribe('a'));
    expect(await socket.closed()).toEqual({ code: 4409, reason: 'Subscriber for a already exists' });
  });

  it('answers pings and says until when the session lasts', async () => {
    const socket = rawSocket(g.port);
    const ack = await socket.acknowledged(await g.identity.token({ expiresInS: 100 }));
    expect(ack).toMatchObject({ type: 'connection_ack', payload: { sessionExpiresAt: expect.stringMatching(/Z$/) as string } });
    await socket.send({ type: 'ping', payload: { n: 1 } });
    expect(await socket.next()).toEqual({ type: 'pong', payload: { n: 1 } });
    socket.ws.close();
  });

  it('sends nothing after complete', async () => {
    const socket = rawSocket(g.port);
    await socket.acknowledged(await g.identity.token());
    await socket.send(subscribe('a'));
    await eventually(() => expect(g.world.plain.open).toBe(1));
    await socket.send({ id: 'a', type: 'complete' });
    await eventually(() => expect(g.world.plain.open).toBe(0));
    g.world.plain.publish({ plain: 1 });
    await socket.send(subscribe('b', '{ counted }'));
    expect(await socket.next()).toMatchObject({ id: 'b', type: 'next' });
    socket.ws.close();
  });

  it('limits the operations of a socket and of a person', async () => {
    const sockets = [rawSocket(g.port), rawSocket(g.port)];
    const token = await g.identity.token({ userId: '11111111-1111-4111-8111-111111111111' });
    for (const socket of sockets) await socket.acknowledged(token);
    for (const id of ['a', 'b', 'c', 'd']) await sockets[0]!.send(subscribe(id));
    expect(await sockets[0]!.next()).toMatchObject({
      id: 'd',
      type: 'error',
      payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS', limit: 'operationsPerSocket', allowed: 3 } }],
    });
    for (const id of ['a', 'b', 'c']) await sockets[1]!.send(subscribe(id));
    expect(await sockets[1]!.next()).toMatchObject({
      id: 'c',
      type: 'error',
      payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS', limit: 'subscriptionsPerViewer', allowed: 5 } }],
    });
    sockets.forEach(({ ws }) => ws.close());
    await eventually(() => expect(g.world.plain.open).toBe(0));
  });
});

describe('sessions on open sockets', () => {
  it('end their operations when the token is over, and the socket stays', async () => {
    const client = g.client(await g.identity.token({ expiresInS: 1 }));
    const feed = collect(client, 'subscription { plain }');
    expect(await feed.ended()).toMatchObject([{ extensions: { code: 'SESSION_EXPIRED' } }]);
    expect(g.world.plain.open).toBe(0);
  });

  it('end at once when the session is revoked; others go on', async () => {
    const revoked = collect(g.client(await g.identity.token({ sessionId: 'bad' })), 'subscription { plain }');
    const other = collect(g.client(await g.identity.token({ sessionId: 'good' })), 'subscription { plain }');
    await eventually(() => expect(g.gateway.live.describe()).toMatchObject([{ clients: 2 }]));
    g.identity.revokeSession('bad');
    expect(await revoked.ended()).toMatchObject([{ extensions: { code: 'SESSION_EXPIRED' } }]);
    g.world.plain.publish({ plain: 8 });
    expect(await other.wait(1)).toEqual([{ data: { plain: 8 } }]);
    expect(revoked.results).toEqual([]);
    other.stop();
  });

  it('go on with a fresh token that comes in a ping', async () => {
    const socket = rawSocket(g.port);
    await socket.acknowledged(await g.identity.token({ expiresInS: 2 }));
    await socket.send(subscribe('a'));
    await socket.send({ type: 'ping', payload: { authorization: 'Bearer nonsense' } });
    expect(await socket.next()).toEqual({ type: 'pong', payload: { authorization: { accepted: false, code: 'UNAUTHENTICATED' } } });
    const expired = collect(g.client(await g.identity.token({ expiresInS: 2 })), 'subscription { plain }');
    await socket.send({ type: 'ping', payload: { authorization: `Bearer ${await g.identity.token({ expiresInS: 600 })}` } });
    expect(await socket.next()).toMatchObject({ type: 'pong', payload: { authorization: { accepted: true } } });
    await expired.ended(); // the other's end proves that the time has passed
    g.world.plain.publish({ plain: 5 });
    expect(await socket.next()).toEqual({ id: 'a', type: 'next', payload: { data: { plain: 5 } } });
    socket.ws.close();
  });

  it('go over to the new rights when a fresh token has another role', async () => {
    const socket = rawSocket(g.port);
    await socket.acknowledged(await g.identity.token({ role: 'OPERATOR' }));
    await socket.send(subscribe('a'));
    await eventually(() => expect(g.gateway.live.describe()[0]!.key.viewer).toMatch(/OPERATOR$/));
    await socket.send({ type: 'ping', payload: { authorization: `Bearer ${await g.identity.token({ role: 'ADMIN' })}` } });
    await eventually(() => expect(g.gateway.live.describe().map(({ key }) => key.viewer.split('/')[1])).toEqual(['ADMIN']));
    await eventually(() => expect(g.world.plain.open).toBe(1));
    socket.ws.close();
  });

  it('are counted: what was started is what has ended and what is open', async () => {
    await eventually(() => expect(g.gateway.live.counts.groups).toBe(0));
    const value = async (name: string) => {
      const metric = await metricsRegister.getSingleMetric(name)!.get();
      return metric.values.reduce((sum, { value: one }) => sum + one, 0);
    };
    const started = await value('pulsegraph_gateway_live_operations_started_total');
    expect(started).toBeGreaterThan(5);
    expect(await value('pulsegraph_gateway_live_operations_ended_total')).toBe(started);
    expect(await value('pulsegraph_gateway_live_operations_open')).toBe(0);
  });
});

it('tells clients to come back when it stops', async () => {
  const other = await startTestGateway(false);
  const socket = rawSocket(other.port);
  await socket.acknowledged(await other.identity.token());
  await socket.send(subscribe('a'));
  await eventually(() => expect(other.world.plain.open).toBe(1));
  await other.stop();
  expect((await socket.closed()).code).toBe(1012);
  expect(socket.messages.map(({ type }) => type)).toEqual(['connection_ack']);
});
