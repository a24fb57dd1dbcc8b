import { createLiveClient, resumable, type LiveClient, type TokenReason } from '@pulsegraph/live-client';
import { silentLog } from '@pulsegraph/kit/log';
import WebSocket from 'ws';
import { createGateway, type Gateway } from '../gateway/src/gateway.js';
import { supergraphFromSdl } from '../gateway/src/supergraph/source.js';
import { composeTestGraph, INTERNAL_TOKEN } from '../gateway/src/testing/test-graph.js';
import { startTestGateway, type TestGateway } from '../gateway/src/testing/test-gateway.js';

const QUERY = 'subscription ($after: Cursor) { changes(after: $after) { cursor n } }';

let test: TestGateway;
let again: Gateway | undefined;
let client: LiveClient;

async function start(over: Parameters<typeof startTestGateway>[1], getToken: (reason: TokenReason) => Promise<string>) {
  test = await startTestGateway(false, over);
  client = createLiveClient({ url: `ws://127.0.0.1:${test.port}/graphql`, webSocketImpl: WebSocket, getToken });
}

afterEach(async () => {
  await client.dispose();
  await again?.stop(500);
  again = undefined;
  await test.stop();
});

function follow() {
  const seen: number[] = [];
  const said: string[] = [];
  let wake = () => undefined as void;
  const note = (what: string) => {
    said.push(what);
    wake();
  };
  resumable<{ changes: { n: number } }>(
    client,
    { query: QUERY, cursorPath: 'changes.cursor' },
    {
      next: ({ data }) => {
        if (data) seen.push(data.changes.n);
        wake();
      },
      error: (cause) => note(`error ${JSON.stringify(cause)}`),
      complete: () => note('complete'),
      onGap: ({ reason }) => note(`gap ${reason}`),
      onFilled: (_gap, complete) => note(complete ? 'filled' : 'lost'),
    },
  );
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise<void>((resolve) => (wake = resolve));
  };
  const opened = async (times: number) => {
    while (test.world.changes.opened.length < times) await new Promise((resolve) => setImmediate(resolve));
  };
  return { seen, said, until, opened };
}

const emit = (n: number) => test.world.changes.publish({ n, deviceId: null });

it('renews its token in band before it ends: the subscription does not notice', async () => {
  const reasons: TokenReason[] = [];
  let renewed = () => undefined as void;
  const renewal = new Promise<void>((resolve) => (renewed = resolve));
  await start({ sessionGraceMs: 0 }, async (reason) => {
    reasons.push(reason);
    if (reason === 'expiring') renewed();
    // Two seconds, and the verifier’s tolerance for clocks.
    return test.identity.token({ expiresInS: reason === 'connect' ? 2 : 600 });
  });
  const { seen, said, until, opened } = follow();
  await opened(1);
  emit(1);
  await until(() => seen.length === 1);
  await renewal;
  // The gateway looks at sessions every second; the first token is over by then.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  emit(2);
  await until(() => seen.length === 2);
  expect(said).toEqual([]);
  expect(reasons).toEqual(['connect', 'expiring']);
});

it('brings a fresh token on the open socket when its session was revoked, and goes on from the cursor', async () => {
  const reasons: TokenReason[] = [];
  await start({}, (reason) => {
    reasons.push(reason);
    return test.identity.token({ sessionId: reason === 'refused' ? 's2' : 's1' });
  });
  let connections = 0;
  client.on('connected', () => void (connections += 1));
  const { seen, said, until, opened } = follow();
  await opened(1);
  emit(1);
  await until(() => seen.length === 1);
  test.identity.revokeSession('s1');
  await until(() => said.includes('gap refused'));
  emit(2);
  await until(() => seen.length === 2);
  expect(seen).toEqual([1, 2]);
  expect(test.world.changes.opened).toEqual([null, 'c1']);
  expect(said).toEqual(['gap refused', 'filled']);
  expect(reasons).toEqual(['connect', 'refused']);
  expect(connections).toBe(1);
});

it('comes back after a restart of the gateway, and has lost and repeated nothing', async () => {
  await start({}, () => test.identity.token());
  const { seen, said, until, opened } = follow();
  await opened(1);
  emit(1);
  await until(() => seen.length === 1);
  await test.gateway.stop(500);
  await until(() => said.includes('gap disconnected'));
  emit(2);
  again = createGateway({
    version: 'test',
    log: silentLog,
    supergraph: supergraphFromSdl(composeTestGraph(test.subgraphs)),
    subgraphs: Object.fromEntries(test.subgraphs.map((subgraph) => [subgraph.name, subgraph])),
    identity: test.identity,
    internalToken: INTERNAL_TOKEN,
    publicUrl: 'http://localhost:4000',
  });
  await again.start(test.port, '127.0.0.1');
  await until(() => seen.length === 2);
  emit(3);
  await until(() => seen.length === 3);
  expect(seen).toEqual([1, 2, 3]);
  expect(said).toEqual(['gap disconnected', 'filled']);
});
