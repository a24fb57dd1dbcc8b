import fc from 'fast-check';
import WebSocket from 'ws';
import { createLiveClient, type LiveClient, type TokenReason } from './live-client.js';
import { resumable, type Gap, type ResumableRequest } from './resumable.js';
import { retryHintOf, retryWaitMs } from './retry.js';
import { startCountingServer } from './testing/counting-server.js';

type Server = Awaited<ReturnType<typeof startCountingServer>>;
const QUERY = 'subscription ($after: String) { count(after: $after) { cursor n } }';
const clients: LiveClient[] = [];
const servers: Server[] = [];

// The server under test writes there when it answers on a socket that a test has just cut.
beforeEach(() => void jest.spyOn(console, 'error').mockImplementation(() => undefined));

afterEach(async () => {
  jest.restoreAllMocks();
  for (const client of clients.splice(0)) await client.dispose();
  for (const server of servers.splice(0)) await server.stop();
});

async function aServer() {
  const server = await startCountingServer();
  servers.push(server);
  return server;
}

function listen(
  server: Server,
  over: Partial<ResumableRequest> = {},
  token: (reason: TokenReason) => string | null = () => null,
  /** A stream that says nothing for this long after it was resumed has no more to tell. */
  settleMs = 20,
) {
  const client = createLiveClient({
    url: server.url,
    webSocketImpl: WebSocket,
    getToken: token,
    retryWait: () => Promise.resolve(),
    lazyCloseTimeout: 50,
  });
  clients.push(client);
  const seen: number[] = [];
  const gaps: Gap[] = [];
  const filled: boolean[] = [];
  let failure: unknown;
  let wake = () => undefined as void;
  const stop = resumable<{ count: { n: number } }>(
    client,
    { query: QUERY, cursorPath: 'count.cursor', ...over },
    {
      next: ({ data }) => {
        if (data) seen.push(data.count.n);
        wake();
      },
      error: (cause) => {
        failure = cause;
        wake();
      },
      complete: () => wake(),
      onGap: (gap) => {
        gaps.push(gap);
        wake();
      },
      onFilled: (_gap, complete) => {
        filled.push(complete);
        wake();
      },
    },
    { settleMs, random: () => 0 },
  );
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise<void>((resolve) => (wake = resolve));
  };
  const asked = async (times: number) => {
    while (server.asked.length < times) await new Promise((resolve) => setImmediate(resolve));
  };
  return { client, seen, gaps, filled, stop, until, asked, failure: () => failure };
}

it('goes on behind the last event after the socket was cut, and says when there is a gap and when it is filled', async () => {
  const server = await aServer();
  const { seen, gaps, filled, until, asked } = listen(server);
  await asked(1);
  server.emit(2);
  await until(() => seen.length === 2);
  server.cut();
  await until(() => gaps.length === 1);
  server.emit(3);
  await until(() => seen.length === 5);
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  expect(server.asked).toEqual([null, '2']);
  expect(gaps[0]).toMatchObject({ reason: 'disconnected', cursor: '2' });
  expect(filled).toEqual([true]);
});

it('fills the gap of a stream that stays silent', async () => {
  const server = await aServer();
  const { seen, filled, until, asked } = listen(server);
  await asked(1);
  server.emit();
  await until(() => seen.length === 1);
  server.cut();
  await until(() => filled.length === 1);
  expect(filled).toEqual([true]);
  expect(seen).toEqual([1]);
});

it('loses and repeats nothing, whatever happens between the events', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('emit' as const), times: fc.integer({ min: 1, max: 4 }) }),
    fc.constant({ kind: 'cut' as const }),
    fc.constant({ kind: 'restart' as const }),
    fc.constant({ kind: 'refuse' as const }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const server = await startCountingServer();
      const { client, seen, stop, until, asked } = listen(server);
      try {
        await asked(1);
        server.emit();
        await until(() => seen.length === 1);
        let total = 1;
        for (const one of steps) {
          if (one.kind === 'emit') {
            total += one.times;
            server.emit(one.times);
            await new Promise((resolve) => setImmediate(resolve));
          } else if (one.kind === 'cut') server.cut();
          else if (one.kind === 'restart') server.close(1012, '{"retryAfterMs":0}');
          else {
            server.refuse('SERVICE_UNAVAILABLE', { retryAfterMs: 0 });
            server.cut();
          }
        }
        server.emit();
        total += 1;
        await until(() => seen.length >= total);
        expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1));
      } finally {
        stop();
        await client.dispose();
        await server.stop();
      }
    }),
    { numRuns: 25, seed: 7 },
  );
});

it('keeps a gap marked as incomplete where there is no cursor', async () => {
  const server = await aServer();
  const { seen, filled, until, asked } = listen(server, { cursorPath: undefined });
  await asked(1);
  server.emit();
  await until(() => seen.length === 1);
  server.cut();
  await asked(2);
  server.emit();
  await until(() => filled.length === 1);
  expect(filled).toEqual([false]);
  expect(server.asked).toEqual([null, null]);
});

it('ends when the cursor has expired, or begins again from now where that was asked for', async () => {
  const server = await aServer();
  const strict = listen(server);
  await strict.asked(1);
  server.emit();
  await strict.until(() => strict.seen.length === 1);
  server.refuse('CURSOR_EXPIRED');
  server.cut();
  await strict.until(() => strict.failure() !== undefined);
  expect(strict.failure()).toMatchObject([{ extensions: { code: 'CURSOR_EXPIRED' } }]);

  // However long the refusal takes: here silence means nothing.
  const lenient = listen(server, { whenExpired: 'restart' }, undefined, 60_000);
  await lenient.asked(3);
  server.emit();
  await lenient.until(() => lenient.seen.length === 1);
  server.refuse('CURSOR_EXPIRED');
  server.cut();
  await lenient.asked(5);
  server.emit();
  await lenient.until(() => lenient.seen.length === 2);
  expect(server.asked.slice(-2)).toEqual(['2', null]);
  expect(lenient.filled).toEqual([false]);
});

it('brings a fresh token with a new connection to a server that takes none in band', async () => {
  const server = await aServer();
  const { seen, until, asked } = listen(server, {}, (reason) => reason);
  await asked(1);
  server.emit();
  await until(() => seen.length === 1);
  server.refuse('SESSION_EXPIRED');
  server.cut();
  await asked(3);
  server.emit();
  await until(() => seen.length === 2);
  expect(server.authorizations).toEqual(['Bearer connect', 'Bearer connect', 'Bearer refused']);
  expect(server.asked).toEqual([null, '1', '1']);
});

it('gives up on a token that is refused again and again', async () => {
  const server = await aServer();
  const reasons: TokenReason[] = [];
  const refuse = () => server.refuseConnection(4403);
  refuse();
  const { until, failure } = listen(server, {}, (reason) => {
    refuse();
    reasons.push(reason);
    return 'wrong';
  });
  await until(() => failure() !== undefined);
  expect(failure()).toMatchObject({ code: 4403 });
  expect(reasons.slice(0, 2)).toEqual(['connect', 'refused']);
});

it.each(['FORBIDDEN', 'BAD_USER_INPUT', 'OPERATION_NO_LONGER_VALID'])('hands on %s, which asking again cannot change', async (code) => {
  const server = await aServer();
  server.refuse(code);
  const { until, failure } = listen(server);
  await until(() => failure() !== undefined);
  expect(failure()).toMatchObject([{ extensions: { code } }]);
  expect(server.asked).toHaveLength(1);
});

it('waits as long as the server says, and up to a fifth more', () => {
  expect(retryHintOf({ code: 1012, reason: '{"retryAfterMs":2500}' })).toBe(2_500);
  expect(retryHintOf({ code: 1012, reason: 'The gateway is restarting' })).toBeNull();
  expect(retryHintOf({ code: 1012, reason: '{"retryAfterMs":-1}' })).toBeNull();
  expect(retryWaitMs(7, 2_500, () => 0)).toBe(2_500);
  expect(retryWaitMs(7, 2_500, () => 1)).toBe(3_000);
  expect(retryWaitMs(0, null, () => 0)).toBe(250);
  expect(retryWaitMs(99, null, () => 1)).toBe(15_000);
});
