import type { ConformanceCase } from '../suite/case.js';
import type { Stage } from '../suite/stage.js';
import { check, same, show } from '../suite/verdict.js';

const MOVED = 'subscription($line: String!) { moved(line: $line) { seq } }';

async function closesWith(code: number, socket: ReturnType<Stage['rawSocket']>): Promise<string> {
  const closed = await socket.closed();
  check(closed.code === code, `closed with ${closed.code} ${closed.reason} instead of ${code}`);
  return `${closed.code} ${closed.reason}`;
}

/** One operation that goes wrong: it alone must end, with errors, and the socket must go on. */
async function endsAlone(stage: Stage, query: string, variables: Record<string, unknown> = {}): Promise<string> {
  const socket = await stage.socket();
  const { line } = stage.stream('/beside');
  const beside = socket.subscribe(MOVED, { line });
  await stage.stream('/beside').untilOpen(1);
  const id = socket.subscribe(query, variables);
  const first = await socket.message(id);
  const errors = first.type === 'error' ? first.payload : (first.payload as { errors?: unknown } | undefined)?.errors;
  check(Array.isArray(errors) && errors.length > 0, `instead of errors came ${show({ type: first.type, payload: first.payload })}`);
  if (first.type === 'next') same((await socket.message(id)).type, 'complete', 'what follows the errors');
  stage.stream('/beside').emit();
  same(await socket.data(beside), { moved: { seq: 1 } }, 'an event of the operation beside it');
  return `${first.type}: ${(errors[0] as { message: string }).message}`;
}

export const protocolCases: ConformanceCase[] = [
  {
    id: 'protocol/4400-not-json',
    name: '4400 for a message that is not JSON',
    why: 'The protocol closes on what it does not know, so that a broken client is noticed at once.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      socket.send('{"type":');
      return closesWith(4400, socket);
    },
  },
  {
    id: 'protocol/4400-unknown-type',
    name: '4400 for a type that the protocol does not have',
    why: 'As above.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      socket.send({ type: 'start', id: '1', payload: { query: '{ tracking }' } });
      return closesWith(4400, socket);
    },
  },
  {
    id: 'protocol/4400-incomplete',
    name: '4400 for a subscribe without an id, or without a query',
    why: 'As above; a server that guesses lets the client wait for ever.',
    level: 'specification',
    async run(stage) {
      const noId = await stage.socket();
      noId.send({ type: 'subscribe', payload: { query: '{ tracking }' } });
      await closesWith(4400, noId);
      const noQuery = await stage.socket();
      noQuery.send({ type: 'subscribe', id: '1', payload: {} });
      return closesWith(4400, noQuery);
    },
  },
  {
    id: 'protocol/4401-before-ack',
    name: '4401 for a subscribe before the connection is acknowledged',
    why: 'Nothing may be executed for a client that has not introduced itself.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.rawSocket().open();
      socket.subscribe('{ tracking }');
      return closesWith(4401, socket);
    },
  },
  {
    id: 'protocol/4406-no-subprotocol',
    name: '4406 for a WebSocket without the subprotocol graphql-transport-ws',
    why: 'Whoever speaks something else must hear so instead of waiting.',
    level: 'specification',
    run: (stage) => closesWith(4406, stage.rawSocket('')),
  },
  {
    id: 'protocol/deprecated-subprotocol',
    name: 'the deprecated subprotocol `graphql-ws` is not taken for this one',
    why: 'It looks alike and means something else: `stop`, `data`, other closes.',
    level: 'specification',
    async run(stage) {
      const socket = stage.rawSocket('graphql-ws');
      const { code, reason } = await socket.closed();
      check(code === 4406 || code === 1006, `closed with ${code} ${reason}`);
      return code === 4406 ? `${code} ${reason}` : 'the upgrade failed';
    },
  },
  {
    id: 'protocol/4408-no-init',
    name: '4408 for a client that never sends connection_init',
    why: 'Sockets that say nothing would otherwise gather.',
    level: 'specification',
    waits: true,
    async run(stage) {
      const socket = await stage.rawSocket(undefined, Math.max(stage.deadlineMs, 60_000)).open();
      return closesWith(4408, socket);
    },
  },
  {
    id: 'protocol/4409-duplicate-id',
    name: '4409 for the id of an operation that is still running',
    why: 'Two streams under one id cannot be told apart; the second must never replace the first in silence.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      socket.subscribe(MOVED, { line: stage.stream().line }, 'same');
      await stage.stream().untilOpen(1);
      socket.subscribe(MOVED, { line: stage.stream().line }, 'same');
      const evidence = await closesWith(4409, socket);
      await stage.stream().untilOpen(0);
      return evidence;
    },
  },
  {
    id: 'protocol/4429-second-init',
    name: '4429 for a second connection_init',
    why: 'A connection has one identity; a second one must not slip in.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      socket.send({ type: 'connection_init' });
      return closesWith(4429, socket);
    },
  },
  {
    id: 'protocol/id-again',
    name: 'an id may be used again after its operation has ended',
    why: 'Clients count their ids anew after a while; only running operations reserve one.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      socket.subscribe(MOVED, { line: stage.stream().line }, 'again');
      await stage.stream().untilOpen(1);
      socket.complete('again');
      await stage.stream().untilOpen(0);
      socket.subscribe(MOVED, { line: stage.stream().line }, 'again');
      await stage.stream().untilOpen(1);
      stage.stream().emit();
      same(await socket.data('again'), { moved: { seq: 1 } }, 'the second operation’s event');
      return undefined;
    },
  },
  {
    id: 'protocol/ping',
    name: 'a ping is answered with a pong, before and after connection_init',
    why: 'Clients find a dead connection by it.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.rawSocket().open();
      await socket.roundTrip();
      await socket.initialised();
      await socket.roundTrip();
      return undefined;
    },
  },
  {
    id: 'protocol/unknown-complete',
    name: 'a complete for an operation that is over is ignored',
    why: 'Both sides may complete at once; the messages cross.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      socket.complete('never-was');
      await socket.roundTrip();
      return undefined;
    },
  },
  {
    id: 'protocol/silence-after-complete',
    name: 'nothing more comes for an operation after the client has completed it',
    why: 'The client has forgotten the id.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      const other = stage.stream('/other');
      const ended = socket.subscribe(MOVED, { line: stage.stream().line });
      const beside = socket.subscribe(MOVED, { line: other.line });
      await stage.stream().untilOpen(1);
      await other.untilOpen(1);
      socket.complete(ended);
      await socket.roundTrip();
      stage.stream().emit();
      other.emit();
      await socket.data(beside);
      await socket.roundTrip();
      const late = socket.messages.filter(({ id }) => id === ended);
      check(
        late.every(({ type }) => type === 'complete'),
        `came: ${show(late)}`,
      );
      return undefined;
    },
  },
  {
    id: 'protocol/query',
    name: 'a query over the socket: one next, one complete',
    why: 'The protocol carries every kind of operation.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe('{ parcel(id: "p3") { name shippingCents } }');
      same(await socket.data(id), { parcel: { name: 'Parcel p3', shippingCents: 600 } }, 'the result');
      same((await socket.message(id)).type, 'complete', 'after the result');
      return undefined;
    },
  },
  {
    id: 'protocol/mutation',
    name: 'a mutation over the socket: one next, one complete',
    why: 'As above.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe('mutation { rename(id: "p3", name: "New") { name } }');
      same(await socket.data(id), { rename: { name: 'New' } }, 'the result');
      same((await socket.message(id)).type, 'complete', 'after the result');
      return undefined;
    },
  },
  {
    id: 'operations/invalid-document',
    name: 'a document that does not validate ends alone',
    why: 'One bad operation among the many of a page must not take the socket from the others.',
    level: 'specification',
    run: (stage) => endsAlone(stage, 'subscription { nothingOfThatName { a } }'),
  },
  {
    id: 'operations/refused-by-subgraph',
    name: 'a subscription that its subgraph refuses ends alone, with the errors',
    why: 'The client must hear of it, and only this operation is concerned.',
    level: 'specification',
    run: (stage) => endsAlone(stage, 'subscription { refused { seq } }'),
  },
  {
    id: 'operations/bad-variables',
    name: 'a required variable that is missing ends the operation alone',
    why: 'As above.',
    level: 'specification',
    run: (stage) => endsAlone(stage, MOVED, {}),
  },
  {
    id: 'operations/root-include',
    name: '@include on the root field of a subscription ends alone',
    why: 'GraphQL forbids it, and graphql-js throws while it validates that: servers have closed the socket with 4500 over it.',
    level: 'robustness',
    run: (stage) =>
      endsAlone(stage, 'subscription($line: String!, $on: Boolean!) { moved(line: $line) @include(if: $on) { seq } }', {
        line: stage.stream().line,
        on: false,
      }),
  },
  {
    id: 'operations/introspection-root',
    name: 'a subscription of __typename alone ends alone',
    why: 'GraphQL forbids an introspection field as the root of a subscription; a plan without a first fetch has crashed gateways.',
    level: 'specification',
    run: (stage) => endsAlone(stage, 'subscription { __typename }'),
  },
  {
    id: 'operations/two-roots',
    name: 'a subscription with two root fields ends alone',
    why: 'GraphQL allows one source stream for each operation.',
    level: 'specification',
    run: (stage) =>
      endsAlone(stage, 'subscription($line: String!) { a: moved(line: $line) { seq } b: pinged(line: $line) { seq } }', {
        line: stage.stream().line,
      }),
  },
  {
    id: 'operations/side-by-side',
    name: 'several operations on one socket, each with its own variables and shape',
    why: 'Sharing work must never mix up results.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      const other = stage.stream('/other');
      const { line } = stage.stream();
      const small = socket.subscribe(MOVED, { line });
      const large = socket.subscribe('subscription($line: String!) { x: moved(line: $line) { parcel { name } } }', { line });
      const apart = socket.subscribe(MOVED, { line: other.line });
      await stage.live(socket, apart, other);
      await stage.allGetEvents(
        [small, large].map((id) => ({ socket, id })),
        { parcel: 'p9' },
      );
      other.emit();
      check(Object.keys((await socket.data(small)).moved as object).join() === 'seq', 'the small operation got another shape');
      same(await socket.data(large), { x: { parcel: { name: 'Parcel p9' } } }, 'the large operation');
      same(await socket.data(apart), { moved: { seq: 1 } }, 'the operation with other variables');
      return undefined;
    },
  },
];
