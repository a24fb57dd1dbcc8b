import type { SocketClient } from '../clients/socket-client.js';
import type { ConformanceCase } from '../suite/case.js';
import type { Stream } from '../graph/stream.js';
import { check, same, show } from '../suite/verdict.js';
import { poll } from '../suite/waits.js';

const PINGED = 'subscription($line: String!) { pinged(line: $line) { seq } }';
const MOVED = 'subscription($line: String!) { moved(line: $line) { seq } }';

/** After whatever happened to the stream: events come again, or the client has been told that it is over. */
async function toldOrLive(socket: SocketClient, id: string, stream: Stream, deadlineMs: number): Promise<string> {
  const before = socket.eventsOf(id).length;
  const known = () => {
    stream.emit();
    return Promise.resolve(socket.endOf(id) !== null || socket.eventsOf(id).length > before);
  };
  await poll(known, 'neither events nor an end: the client waits for ever', deadlineMs);
  return socket.endOf(id) ? `ended with ${socket.ending(id)}` : 'events go on';
}

export const upstreamCases: ConformanceCase[] = [
  {
    id: 'upstream/restart',
    name: 'a subgraph restarts: events go on, or the client is told',
    why: 'The worst answer is silence: the page looks alive and shows the past.',
    level: 'robustness',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe(PINGED, { line: stage.stream().line });
      await stage.live(socket, id);
      stage.stream().emit();
      await socket.data(id);
      const { beacon } = stage.world.wires;
      await beacon.down();
      await beacon.up();
      return toldOrLive(socket, id, stage.stream(), stage.deadlineMs);
    },
  },
  {
    id: 'upstream/isolation',
    name: 'a subgraph dies: streams of other subgraphs on the same socket do not notice',
    why: 'Closing the client’s whole socket turns one subgraph’s restart into everybody’s reconnect.',
    level: 'robustness',
    async run(stage) {
      const socket = await stage.socket();
      const other = stage.stream('/other');
      const dying = socket.subscribe(PINGED, { line: stage.stream().line });
      const living = socket.subscribe(MOVED, { line: other.line });
      await stage.live(socket, dying);
      await stage.live(socket, living, other);
      const { beacon } = stage.world.wires;
      await beacon.down();
      try {
        await stage.stream().untilOpen(0);
        other.emit();
        same(await socket.data(living), { moved: { seq: 1 } }, 'an event of the other subgraph');
        await socket.roundTrip();
      } finally {
        await beacon.up();
      }
      other.emit();
      same(await socket.data(living), { moved: { seq: 2 } }, 'the next event');
      return undefined;
    },
  },
  {
    id: 'upstream/away-at-subscribe',
    name: 'a subscription to a subgraph that is away ends alone, with errors, or waits for it',
    why: 'While a subgraph restarts, new pages open too.',
    level: 'robustness',
    async run(stage) {
      const socket = await stage.socket();
      const { beacon } = stage.world.wires;
      await beacon.down();
      let evidence: string;
      try {
        const id = socket.subscribe(PINGED, { line: stage.stream().line });
        await socket.until(
          () => socket.messages.some((message) => message.id === id) || socket.close !== null,
          'neither an error nor an end came',
        );
        check(socket.close === null, () => `the socket was closed with ${show(socket.close)}`);
        const { type, payload } = await socket.message(id);
        const errors = type === 'error' ? payload : (payload as { errors?: unknown } | undefined)?.errors;
        check(Array.isArray(errors) && errors.length > 0, `instead of errors came ${show({ type, payload })}`);
        await socket.roundTrip();
        evidence = `${type} ${show(errors)}`;
      } finally {
        await beacon.up();
      }
      // And once it is back, the same works: nothing remembers the failure for long.
      const works = async () => {
        const id = socket.subscribe(PINGED, { line: stage.stream().line });
        return stage.live(socket, id).then(
          () => true,
          () => false,
        );
      };
      await poll(works, 'subscriptions are still refused after the subgraph is back', stage.deadlineMs, 500);
      return evidence;
    },
  },
  {
    id: 'upstream/quiet-death',
    name: 'the connection to a subgraph goes dead without a close: events go on, or the client is told',
    why: 'A host that loses power, a firewall that forgets: nothing is closed, nothing comes. Only pings find out.',
    level: 'robustness',
    waits: true,
    async run(stage) {
      const socket = await stage.socket(undefined, 90_000);
      const id = socket.subscribe('subscription($line: String!) { lit(line: $line) { seq } }', { line: stage.stream().line });
      await stage.live(socket, id);
      stage.stream().emit();
      await socket.data(id);
      stage.world.wires.lighthouse.goDead();
      const evidence = await toldOrLive(socket, id, stage.stream(), 90_000);
      await socket.roundTrip();
      return evidence;
    },
  },
];
