import type { SocketClient } from '../clients/socket-client.js';
import type { ConformanceCase } from '../suite/case.js';
import type { Stage } from '../suite/stage.js';
import { Unsupported, check, same } from '../suite/verdict.js';

const MOVED = 'subscription($line: String!) { moved(line: $line) { seq parcel { name } } }';
const CLIENTS = 20;

async function subscribers(stage: Stage, count = CLIENTS, query = MOVED): Promise<{ socket: SocketClient; id: string }[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => stage.socket()));
  const all = sockets.map((socket) => ({ socket, id: socket.subscribe(query, { line: stage.stream().line }) }));
  await stage.allGetEvents(all, { parcel: 'p1' });
  return all;
}

/** The last of them leaves while nothing happens on the stream; the subgraph must notice. */
async function lastLeaves(stage: Stage, leave: (socket: SocketClient, id: string) => void): Promise<undefined> {
  const [first, last] = await Promise.all([stage.socket(), stage.socket()]);
  const firstId = first.subscribe(MOVED, { line: stage.stream().line });
  const lastId = last.subscribe(MOVED, { line: stage.stream().line });
  await stage.allGetEvents([
    { socket: first, id: firstId },
    { socket: last, id: lastId },
  ]);
  leave(first, firstId);
  // With what happens next it is known that the first has left.
  const seen = last.eventsOf(lastId).length;
  stage.stream().emit();
  await last.until(() => last.eventsOf(lastId).length > seen || last.endOf(lastId) !== null, 'the one who stayed got no event');
  check(last.eventsOf(lastId).length > seen, 'the one who stayed was ended too');
  leave(last, lastId);
  await stage.stream().untilOpen(0);
  return undefined;
}

export const sharingCases: ConformanceCase[] = [
  {
    id: 'sharing/one-upstream',
    name: `${CLIENTS} identical clients, one subscription at the subgraph`,
    why: 'Subgraphs should not feel how many people watch.',
    level: 'extension',
    async run(stage) {
      const all = await subscribers(stage);
      const { open } = stage.stream();
      if (open === CLIENTS) throw new Unsupported(`${CLIENTS} clients, ${open} subscriptions at the subgraph`);
      same(open, 1, `subscriptions at the subgraph for ${CLIENTS} clients`);
      const { socket, id } = all[0]!;
      for (const other of all.slice(1)) other.socket.leave();
      await Promise.all(all.slice(1).map((other) => other.socket.closed()));
      const { seq } = stage.stream().emit({ parcel: 'p1' });
      const last = () => (socket.eventsOf(id).at(-1)?.data?.moved as { seq?: number } | undefined)?.seq;
      await socket.until(() => last() === seq || socket.endOf(id) !== null, 'no event for the one who stayed');
      check(socket.endOf(id) === null, 'the one who stayed was ended with the others');
      same(stage.stream().opened.length, 1, 'subscriptions ever opened');
      return `1 subscription for ${CLIENTS} clients`;
    },
  },
  {
    id: 'sharing/one-execution',
    name: `${CLIENTS} identical clients, entities of an event fetched once`,
    why: 'Sharing the source alone multiplies the entity fetches by the number of clients.',
    level: 'extension',
    async run(stage) {
      const all = await subscribers(stage);
      const event = stage.stream().emit({ parcel: 'p60606' });
      const has = ({ socket, id }: { socket: SocketClient; id: string }) =>
        socket.eventsOf(id).some(({ data }) => (data?.moved as { seq?: unknown } | undefined)?.seq === event.seq);
      await Promise.all(all.map((one) => one.socket.until(() => has(one), 'an event did not reach every client')));
      const fetches = stage.fetchesOf('catalog', 'p60606');
      if (fetches === CLIENTS) throw new Unsupported(`${CLIENTS} clients, ${fetches} entity fetches for one event`);
      same(fetches, 1, 'entity fetches for one event');
      return `1 entity fetch for ${CLIENTS} clients`;
    },
  },
  {
    id: 'sharing/across-transports',
    name: 'clients on WebSocket and SSE share',
    why: 'How a client is connected says nothing about what it wants.',
    level: 'extension',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe(MOVED, { line: stage.stream().line });
      await stage.live(socket, id);
      const events = stage.eventStream(MOVED, { line: stage.stream().line });
      await stage.untilEventStreamGets(events, { parcel: 'p1' });
      const { open } = stage.stream();
      if (open === 2) throw new Unsupported('2 subscriptions at the subgraph');
      same(open, 1, 'subscriptions at the subgraph');
      return undefined;
    },
  },
  {
    id: 'sharing/different-variables',
    name: 'operations with other variables never share',
    why: 'The one kind of sharing that would be a leak.',
    level: 'specification',
    async run(stage) {
      const lines = ['/a', '/b', '/c'].map((suffix) => stage.stream(suffix));
      const socket = await stage.socket();
      const ids = lines.map(({ line }) => socket.subscribe(MOVED, { line }));
      for (const [index, stream] of lines.entries()) await stage.live(socket, ids[index]!, stream);
      for (const [index, stream] of lines.entries()) stream.emit({ parcel: `p${index + 1}` });
      for (const [index, id] of ids.entries())
        same(await socket.data(id), { moved: { seq: 1, parcel: { name: `Parcel p${index + 1}` } } }, `operation ${index + 1}`);
      return undefined;
    },
  },
  {
    id: 'unsubscribe/quiet-complete',
    name: 'on a quiet stream, the last client’s complete ends the subscription at the subgraph',
    why: 'Gateways that notice only when the next event fails to be delivered keep streams that nobody reads, for ever on a quiet one.',
    level: 'robustness',
    run: (stage) => lastLeaves(stage, (socket, id) => socket.complete(id)),
  },
  {
    id: 'unsubscribe/quiet-close',
    name: 'on a quiet stream, the last client’s close ends the subscription at the subgraph',
    why: 'As above, for a page that is closed.',
    level: 'robustness',
    run: (stage) => lastLeaves(stage, (socket) => socket.leave()),
  },
  {
    id: 'unsubscribe/quiet-vanish',
    name: 'on a quiet stream, the last client’s lost connection ends the subscription at the subgraph',
    why: 'As above, for a client that is killed.',
    level: 'robustness',
    run: (stage) => lastLeaves(stage, (socket) => socket.vanish()),
  },
  {
    id: 'unsubscribe/quiet-subgraph-completes',
    name: 'on a quiet stream, the subgraph’s complete reaches every client',
    why: 'The other direction: clients that are not told wait for ever.',
    level: 'specification',
    async run(stage) {
      const all = await subscribers(stage, 3);
      stage.stream().end();
      for (const { socket, id } of all) {
        await socket.until(() => socket.endOf(id) !== null, 'the stream’s end did not reach a client');
        const end = socket.endOf(id);
        check(end !== null && 'type' in end && end.type === 'complete', `ended with ${JSON.stringify(end)}`);
      }
      await Promise.all(all.map(({ socket }) => socket.roundTrip()));
      return undefined;
    },
  },
  {
    id: 'unsubscribe/quiet-subgraph-fails',
    name: 'on a quiet stream, an error with which the subgraph ends it reaches every client',
    why: 'A stream that ended with a fault must not look like one with nothing to say.',
    level: 'robustness',
    async run(stage) {
      const all = await subscribers(stage, 3);
      stage.stream().end(new Error('The source broke.'));
      for (const { socket, id } of all) await socket.until(() => socket.endOf(id) !== null, 'the stream’s end did not reach a client');
      await Promise.all(all.map(({ socket }) => socket.roundTrip()));
      const [{ socket, id }] = all as [(typeof all)[0]];
      const last = socket.messages.filter((message) => message.id === id).slice(-2);
      const told = last.some(
        ({ type, payload }) => type === 'error' || (payload as { errors?: unknown[] } | undefined)?.errors !== undefined,
      );
      check(told, `ended without an error: ${JSON.stringify(last)}`);
      return undefined;
    },
  },
];
