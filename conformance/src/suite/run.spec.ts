import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { ALL_CASES } from '../cases/all.js';
import type { StreamEvent } from '../graph/stream.js';
import { renderMarkdown } from '../report/markdown.js';
import { startWorld, type World } from '../subgraphs/world.js';
import type { ConformanceCase } from './case.js';
import { runCases } from './run.js';
import type { Target } from './stage.js';
import { Fail, Unsupported } from './verdict.js';

const SCHEMA = `
  type Query { parcel(id: ID!): Parcel tracking: String }
  type Mutation { rename(id: ID!, name: String!): Parcel }
  type Subscription {
    moved(line: String!, after: String): Move!
    pinged(line: String!): Move!
    refused: Move!
  }
  type Move { cursor: String! seq: Int! padding: String parcel: Parcel }
  type Parcel { id: ID! name: String! weightG: Int! shippingCents: Int! }
`;

interface Faults {
  /** The `after` argument is not looked at. */
  forgetsCursor?: boolean;
  repeats?: boolean;
}

const parcel = ({ id, name = `Parcel ${id}` }: { id: string; name?: string }) => ({
  id,
  name,
  weightG: Number(/\d+/.exec(id)![0]) * 100,
  shippingCents: Number(/\d+/.exec(id)![0]) * 200,
});

/** What a gateway would look like if there were no federation: one schema, on the reference server of the protocol. */
async function startReference(world: World, faults: Faults) {
  const schema: GraphQLSchema = buildSchema(SCHEMA);
  async function* mapped(field: string, events: AsyncIterableIterator<StreamEvent>) {
    for await (const event of events) {
      const move = { ...event, parcel: typeof event.parcel === 'string' ? parcel({ id: event.parcel }) : null };
      yield { [field]: move };
      if (faults.repeats) yield { [field]: move };
    }
  }
  const stream =
    (field: string) =>
    ({ line, after }: { line: string; after?: string }) => {
      const source = world.stream(line).subscribe(faults.forgetsCursor ? null : (after ?? null));
      return Object.assign(mapped(field, source), { return: () => source.return!() });
    };
  const roots = {
    query: { parcel },
    mutation: { rename: parcel },
    subscription: {
      moved: stream('moved'),
      pinged: stream('pinged'),
      refused: () => {
        throw new Error('This stream is refused.');
      },
    },
  };
  const server = createServer();
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  useServer({ schema, roots, connectionInitWaitTimeout: 2_000 }, sockets);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Verdicts by id. */
async function verdicts(wanted: (id: string) => boolean, faults: Faults = {}) {
  const world = await startWorld({ portBase: 0, deadlineMs: 5_000 });
  const reference = await startReference(world, faults);
  try {
    const target: Target = { url: reference.url, world, deadlineMs: 5_000, settleMs: 100, reload: null, control: null, tokens: null };
    const cases = ALL_CASES.filter(({ id }) => wanted(id));
    return new Map((await runCases({ cases, target, authTarget: null, onResult: () => undefined })).map((result) => [result.id, result]));
  } finally {
    await reference.stop();
    await world.stop();
  }
}

const others = (results: Awaited<ReturnType<typeof verdicts>>) =>
  [...results.values()].filter(({ verdict }) => verdict !== 'pass').map(({ id, verdict, evidence }) => `${verdict} ${id}: ${evidence}`);

it('finds nothing wrong with the reference server of the protocol', async () => {
  const applies = (id: string) => /^(protocol|operations|unsubscribe|pressure)\/|^resume\/(by|others)|^events\/burst/.test(id);
  expect(others(await verdicts((id) => applies(id) && id !== 'operations/root-include'))).toEqual([]);
}, 60_000);

it('finds where one bad operation takes the socket from the others', async () => {
  // graphql-js throws while it validates this one, and the reference server then closes with 4500.
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const [result] = others(await verdicts((id) => id === 'operations/root-include'));
  jest.restoreAllMocks();
  expect(result).toContain('fail operations/root-include: the socket was closed with 4500');
});

it('finds what is wrong with a server that repeats events', async () => {
  const results = await verdicts((id) => id === 'events/burst' || id === 'resume/by-argument', { repeats: true });
  expect([...results.values()].map(({ verdict }) => verdict)).toEqual(['fail', 'fail']);
});

it('finds what is wrong with a server that forgets cursors', async () => {
  const results = await verdicts((id) => id === 'resume/by-argument', { forgetsCursor: true });
  expect(others(results)).toEqual(['fail resume/by-argument: events: got [6], expected [3,4,5,6]']);
});

it('calls a server without sharing unsupported, not wrong', async () => {
  const results = await verdicts((id) => id === 'sharing/one-upstream');
  expect(others(results)).toEqual(['unsupported sharing/one-upstream: 20 clients, 20 subscriptions at the subgraph']);
});

it('says what was not run, and keeps the evidence of what was', async () => {
  const base = { why: 'because', level: 'robustness' as const };
  const cases: ConformanceCase[] = [
    { ...base, id: 'events/a', name: 'a', run: () => Promise.resolve('seen') },
    { ...base, id: 'events/b', name: 'b', run: () => Promise.reject(new Fail('no | event')) },
    { ...base, id: 'events/c', name: 'c', run: () => Promise.reject(new Unsupported('none')) },
    { ...base, id: 'reload/d', name: 'd', needs: 'reload', run: () => Promise.resolve(undefined) },
    { ...base, id: 'session/e', name: 'e', needs: 'auth', run: () => Promise.resolve(undefined) },
  ];
  const world = await startWorld({ portBase: 0, deadlineMs: 1_000 });
  const target: Target = { url: 'http://127.0.0.1:9', world, deadlineMs: 1_000, settleMs: 1, reload: null, control: null, tokens: null };
  const results = await runCases({ cases, target, authTarget: null, onResult: () => undefined });
  await world.stop();
  expect(results.map(({ verdict }) => verdict)).toEqual(['pass', 'fail', 'unsupported', 'not-run', 'not-run']);
  const page = renderMarkdown(cases, [{ gateway: 'G', version: '1', setup: 's', ranAt: '2026-01-02T00:00:00.000Z', cases: results }]);
  expect(page).toContain('| G | 1 | 1 | 1 | 1 | 2 | s | 2026-01-02 |');
  expect(page).toContain('- G, `events/b`, fail: `no | event`');
});
