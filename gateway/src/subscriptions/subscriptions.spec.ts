import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { listen } from '@pulsegraph/kit/http';
import { silentLog } from '@pulsegraph/kit/log';
import { eventually } from '@pulsegraph/testkit';
import { createRemoteClient } from '../subgraph-client/remote.js';
import { SubgraphLost } from '../subgraph-client/subgraph-client.js';
import { createClient as createSseClient } from '../testing/sse-client.js';
import { aViewer, collect, startTestGateway, type TestGateway } from '../testing/test-gateway.js';

const READINGS = 'subscription { readings { cursor readings { value metric device { name asset { name } } } } }';

describe.each([
  ['in-process subgraphs', false],
  ['subgraphs over graphql-ws', true],
])('subscriptions with %s', (_name, remote) => {
  let g: TestGateway;
  beforeAll(async () => {
    g = await startTestGateway(remote);
  });
  afterAll(() => g.stop());
  const quiet = () => eventually(() => expect(g.gateway.live.counts).toEqual({ groups: 0, upstreams: 0 }), { timeoutMs: 2_000 });
  afterEach(quiet);

  it('completes each event with entities of other subgraphs', async () => {
    const feed = collect(g.client(), READINGS);
    await eventually(() => expect(g.world.readings.open).toBe(1));
    const cursor = g.world.event('d1', 20);
    expect(await feed.wait(1)).toEqual([
      {
        data: {
          readings: { cursor, readings: [{ value: 20, metric: 'temperature', device: { name: 'Device 1', asset: { name: 'Line 1' } } }] },
        },
      },
    ]);
    feed.stop();
  });

  it('runs aliases, fragments, __typename, @include, @skip, @requires and a way back to the first subgraph', async () => {
    const query =
      `subscription Q($yes: Boolean!, $no: Boolean!) { __typename r: readings { ...E again: readings { metric @include(if: $no) } } }
      fragment E on ReadingsEvent { list: readings { __typename value @include(if: $yes) metric @skip(if: $yes) device { tag latest { value } } } }`.replace(
        '__typename r:',
        'r:',
      );
    const feed = collect(g.client(), query, { yes: true, no: false });
    await eventually(() => expect(g.world.readings.open).toBe(1));
    g.world.event('d2', 5);
    expect(await feed.wait(1)).toEqual([
      { data: { r: { list: [{ __typename: 'Reading', value: 5, device: { tag: 'tag of S2', latest: [{ value: 20 }] } }], again: [{}] } } },
    ]);
    feed.stop();
  });

  it('opens one upstream and executes once for ten clients, and for each distinct operation once', async () => {
    const opened = g.world.readings.opened.length;
    const feeds = Array.from({ length: 10 }, () => collect(g.client(), READINGS));
    const other = collect(g.client(), 'subscription Other { readings { readings { value } } }');
    await eventually(() =>
      expect(
        g.gateway.live
          .describe()
          .map(({ clients }) => clients)
          .sort(),
      ).toEqual([1, 10]),
    );
    await eventually(() => expect(g.world.readings.open).toBe(2));
    g.world.requests.length = 0;
    g.world.event('d1', 1);
    const results = await Promise.all(feeds.map((feed) => feed.wait(1)));
    await other.wait(1);
    for (const result of results) expect(result).toEqual(results[0]);
    // One entity fetch for all ten; the other operation needs none.
    expect(g.world.requests).toHaveLength(1);
    expect(g.world.readings.opened.length - opened).toBe(2);
    [...feeds, other].forEach((feed) => feed.stop());
  });

  it('shares the upstream between operations that differ only in what follows it', async () => {
    const opened = g.world.readings.opened.length;
    const a = collect(g.client(), 'subscription { readings { readings { value device { name } } } }');
    const b = collect(g.client(), 'subscription { readings { readings { value device { serial } } } }');
    await eventually(() => expect(g.gateway.live.counts).toEqual({ groups: 2, upstreams: 1 }));
    await eventually(() => expect(g.world.readings.open).toBe(1));
    g.world.event('d3', 9);
    expect(await a.wait(1)).toEqual([{ data: { readings: { readings: [{ value: 9, device: { name: 'Device 3' } }] } } }]);
    expect(await b.wait(1)).toEqual([{ data: { readings: { readings: [{ value: 9, device: { serial: 'S3' } }] } } }]);
    expect(g.world.readings.opened.length - opened).toBe(1);
    [a, b].forEach((feed) => feed.stop());
  });

  it('keeps apart what the viewer may change: organization, role, and the person only where declared', async () => {
    const same = [
      await g.identity.token({ name: 'Olga' }),
      await g.identity.token({ name: 'Otto', userId: aViewer().organizationId, sessionId: 's2' }),
    ];
    const others = [await g.identity.token({ role: 'ADMIN' }), await g.identity.token({ organizationId: aViewer().subject!.id })];
    const feeds = [...same, ...others].map((token) => collect(g.client(token), READINGS));
    await eventually(() =>
      expect(
        g.gateway.live
          .describe()
          .map(({ clients }) => clients)
          .sort(),
      ).toEqual([1, 1, 2]),
    );
    const mine = same.map((token) => collect(g.client(token), 'subscription { mine { who } }'));
    await eventually(() => expect(g.world.mine.open).toBe(2));
    g.world.mine.publish({});
    expect(await mine[0]!.wait(1)).toEqual([{ data: { mine: { who: 'Olga' } } }]);
    expect(await mine[1]!.wait(1)).toEqual([{ data: { mine: { who: 'Otto' } } }]);
    // What is shared runs for a role and not for a person.
    await eventually(() => expect(g.world.readings.open).toBe(3));
    g.world.viewers.length = 0;
    g.world.event('d1', 1);
    await feeds[0]!.wait(1);
    expect(g.world.viewers).toContainEqual(aViewer({ subject: null }));
    expect(g.world.viewers.some((viewer) => viewer?.subject)).toBe(false);
    [...feeds, ...mine].forEach((feed) => feed.stop());
  });

  it('closes the upstream when the last client of a quiet stream leaves', async () => {
    const client = g.client();
    const feed = collect(client, 'subscription { plain }');
    await eventually(() => expect(g.world.plain.open).toBe(1));
    feed.stop();
    await eventually(() => expect(g.world.plain.open).toBe(0));
    const gone = collect(client, 'subscription { plain }');
    await eventually(() => expect(g.world.plain.open).toBe(1));
    client.terminate();
    await eventually(() => expect(g.world.plain.open).toBe(0));
    expect(gone.results).toEqual([]);
  });

  it.each(['FORBIDDEN', 'BAD_USER_INPUT', 'CURSOR_EXPIRED', 'UNAUTHENTICATED'])(
    'ends only the operation that a subgraph refuses with %s',
    async (code) => {
      const client = g.client();
      const bystander = collect(client, 'subscription { plain }');
      await eventually(() => expect(g.world.plain.open).toBe(1));
      const refused = collect(client, 'subscription($c: String!) { refused(code: $c) }', { c: code });
      expect(await refused.ended()).toMatchObject([{ message: `You get ${code}.`, extensions: { code, path: 'code' } }]);
      g.world.plain.publish({ plain: 4 });
      expect(await bystander.wait(1)).toEqual([{ data: { plain: 4 } }]);
      bystander.stop();
    },
  );

  it('refuses strangers where resolvers do', async () => {
    const feed = collect(g.client(null), READINGS);
    expect(await feed.ended()).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  it('gives null with an error for an entity that cannot be had, and goes on', async () => {
    const feed = collect(g.client(), 'subscription { changes { n device { name } } }');
    await eventually(() => expect(g.world.changes.open).toBe(1));
    g.world.changes.publish({ n: 1, deviceId: 'missing' });
    g.world.changes.publish({ n: 2, deviceId: 'd1' });
    const [first, second] = await feed.wait(2);
    expect(first).toMatchObject({
      data: { changes: { n: 1, device: null } },
      errors: [{ path: ['changes', 'device', 'name'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    });
    expect(second).toEqual({ data: { changes: { n: 2, device: { name: 'Device 1' } } } });
    feed.stop();
  });

  it('passes field errors of an event with their code and path', async () => {
    const feed = collect(g.client(), 'subscription { readings { readings { metric label } } }');
    await eventually(() => expect(g.world.readings.open).toBe(1));
    g.world.event('d1', 1, 'faulty');
    expect(await feed.wait(1)).toMatchObject([
      {
        data: { readings: { readings: [{ metric: 'faulty', label: null }] } },
        errors: [{ path: ['readings', 'readings', 0, 'label'], extensions: { code: 'FORBIDDEN' } }],
      },
    ]);
    feed.stop();
  });

  it('completes when the subgraph ends the stream', async () => {
    const feed = collect(g.client(), 'subscription { plain }');
    await eventually(() => expect(g.world.plain.open).toBe(1));
    g.world.plain.complete();
    expect(await feed.ended()).toBeNull();
  });

  it('gives the last state at once to who joins a stream of states', async () => {
    const first = collect(g.client(), 'subscription { status { rate } }');
    await eventually(() => expect(g.world.status.open).toBe(1));
    g.world.status.publish({ rate: 5 });
    await first.wait(1);
    const second = collect(g.client(), 'subscription { status { rate } }');
    expect(await second.wait(1)).toEqual([{ data: { status: { rate: 5 } } }]);
    [first, second].forEach((feed) => feed.stop());
  });

  it('replays from a cursor, each event once and in order, then goes on live', async () => {
    const from = g.world.event('d1', 0);
    for (let n = 1; n <= 300; n += 1) g.world.event('d1', n);
    const feed = collect(g.client(), 'subscription($after: Cursor) { readings(after: $after) { readings { value } } }', { after: from });
    await feed.wait(300);
    g.world.event('d1', 301);
    const values = (await feed.wait(301)).map(({ data }) =>
      (data!.readings as { readings: { value: number }[] }).readings.map(({ value }) => value),
    );
    expect(values.flat()).toEqual(Array.from({ length: 301 }, (_, n) => n + 1));
    feed.stop();
  });

  it('runs queries and mutations over the same socket', async () => {
    const feed = collect(g.client(await g.identity.token({ role: 'ADMIN' })), 'mutation { rename(id: "d9", name: "Nine") { name } }');
    expect(await feed.wait(1)).toEqual([{ data: { rename: { name: 'Nine' } } }]);
    expect(await feed.ended()).toBeNull();
  });

  it.each([
    ['nonsense', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['only __typename', 'subscription { __typename }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a condition on the root field', 'subscription($a: Boolean!) { plain @include(if: $a) }', 'GRAPHQL_VALIDATION_FAILED'],
  ])('answers %s with an error for that operation', async (_what, query, code) => {
    const client = g.client();
    expect(await collect(client, query, { a: true }).ended()).toMatchObject([{ extensions: { code } }]);
    expect(await collect(client, '{ counted }').wait(1)).toEqual([{ data: { counted: 7 } }]);
  });

  it('streams over SSE what it streams over WebSocket, sharing with it', async () => {
    const feed = collect(g.client(), READINGS);
    const sse = createSseClient(`${g.url}/graphql`, { authorization: `Bearer ${await g.identity.token()}` }, { query: READINGS });
    await eventually(() => expect(g.gateway.live.describe().map(({ clients }) => clients)).toEqual([2]));
    await eventually(() => expect(g.world.readings.open).toBe(1));
    g.world.event('d1', 3);
    const [overSocket] = await feed.wait(1);
    expect(await sse.next()).toEqual({ event: 'next', data: overSocket, id: expect.stringMatching(/^c/) as string });
    feed.stop();
    g.world.readings.complete();
    await eventually(async () => expect(await sse.next()).toEqual({ event: 'complete', data: undefined }));
    const refused = createSseClient(`${g.url}/graphql`, {}, { query: 'subscription { refused(code: "FORBIDDEN") }' });
    expect(await refused.next()).toMatchObject({ event: 'next', data: { errors: [{ extensions: { code: 'FORBIDDEN' } }] } });
    expect(await refused.next()).toMatchObject({ event: 'complete' });
  });
});

describe('an upstream that breaks', () => {
  let g: TestGateway;
  beforeAll(async () => {
    g = await startTestGateway(true, { live: { openPatienceMs: 200, reopenFirstMs: 10, reopenLongestMs: 50 } });
  });
  afterAll(() => g.stop());

  it('is opened again from the last cursor: clients notice a pause and nothing else', async () => {
    const feed = collect(g.client(), 'subscription { readings { readings { value } } }');
    await eventually(() => expect(g.world.readings.open).toBe(1));
    const cursor = g.world.event('d1', 1);
    await feed.wait(1);
    await g.served.get('telemetry')!.close();
    g.world.readings.forget();
    g.world.event('d1', 2); // while nobody listens
    await g.serveAgain('telemetry');
    await eventually(() => expect(g.world.readings.open).toBe(1));
    expect(g.world.readings.opened.at(-1)).toBe(cursor);
    g.world.event('d1', 3);
    const values = (await feed.wait(3)).map(({ data }) => (data!.readings as { readings: { value: number }[] }).readings[0]!.value);
    expect(values).toEqual([1, 2, 3]);
    feed.stop();
  });

  it('marks the gap where there is no cursor', async () => {
    const feed = collect(g.client(), 'subscription { plain }');
    await eventually(() => expect(g.world.plain.open).toBe(1));
    g.world.plain.publish({ plain: 1 });
    await feed.wait(1);
    await g.served.get('telemetry')!.close();
    g.world.plain.forget();
    await g.serveAgain('telemetry');
    await eventually(() => expect(g.world.plain.open).toBe(1));
    g.world.plain.publish({ plain: 2 });
    g.world.plain.publish({ plain: 3 });
    expect((await feed.wait(3)).slice(1)).toEqual([
      { data: { plain: 2 }, extensions: { delivery: { gap: true } } },
      { data: { plain: 3 } },
    ]);
    feed.stop();
  });

  it('says so when it is not there from the beginning', async () => {
    await g.served.get('telemetry')!.close();
    const feed = collect(g.client(), 'subscription { plain }');
    expect(await feed.ended()).toMatchObject([{ extensions: { code: 'SERVICE_UNAVAILABLE', service: 'telemetry' } }]);
    await g.serveAgain('telemetry');
  });
});

it('takes a subscription from a subgraph that offers only SSE', async () => {
  const g = await startTestGateway(false);
  // A gateway is itself a subgraph-like server with SSE; in front of it, one that refuses WebSockets.
  const plain = createHttpServer((request, response) => {
    if (request.headers.upgrade) return void response.writeHead(426).end();
    const forwarded = httpRequest(`${g.url}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forwarded);
    response.on('close', () => forwarded.destroy());
  });
  const port = await listen(plain, 0, 'PORT', '127.0.0.1');
  const client = createRemoteClient('telemetry', {
    url: `http://127.0.0.1:${port}/graphql`,
    deadlineMs: 1_000,
    log: silentLog,
    internalToken: await g.identity.token(),
  });
  const context = { requestId: 'r' };
  await expect(client.subscribe({ query: 'subscription { plain }' }, context).next()).rejects.toThrow(SubgraphLost);
  const events = client.subscribe({ query: 'subscription { plain }' }, context);
  const first = events.next();
  await eventually(() => expect(g.world.plain.open).toBe(1));
  g.world.plain.publish({ plain: 6 });
  expect(await first).toEqual({ value: { data: { plain: 6 } }, done: false });
  await events.return?.();
  await eventually(() => expect(g.world.plain.open).toBe(0));
  await expect(client.subscribe({ query: 'subscription { refused(code: "FORBIDDEN") }' }, context).next()).rejects.toMatchObject({
    errors: [{ extensions: { code: 'FORBIDDEN' } }],
  });
  await client.close();
  plain.close();
  await g.stop();
});
