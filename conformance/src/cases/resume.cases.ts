import type { SocketClient } from '../clients/socket-client.js';
import type { ConformanceCase } from '../suite/case.js';
import { Unsupported, check, same, show } from '../suite/verdict.js';

const MOVED = 'subscription($line: String!, $after: String) { moved(line: $line, after: $after) { seq } }';
const WATCHED = 'subscription($line: String!, $after: String) { watched(line: $line, after: $after) { seq } }';

export const seqsOf = (socket: SocketClient, id: string, field: string) =>
  socket.eventsOf(id).map(({ data }) => (data?.[field] as { seq?: number } | null | undefined)?.seq ?? -1);

const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, index) => from + index);

export const resumeCases: ConformanceCase[] = [
  {
    id: 'resume/by-argument',
    name: 'a subscription continues behind a cursor: what was missed, then what is new, each once',
    why: 'The only way in which a client that was away can know that it has seen everything.',
    level: 'robustness',
    async run(stage) {
      for (let n = 0; n < 5; n += 1) stage.stream().emit();
      const socket = await stage.socket();
      const id = socket.subscribe(MOVED, { line: stage.stream().line, after: `${stage.stream().line}:2` });
      await stage.live(socket, id);
      stage.stream().emit();
      await socket.until(() => seqsOf(socket, id, 'moved').includes(6) || socket.endOf(id) !== null, 'the newest event did not come');
      same(seqsOf(socket, id, 'moved'), upTo(6, 3), 'events');
      return undefined;
    },
  },
  {
    id: 'resume/others-undisturbed',
    name: 'clients that resume from different cursors each get their own past, and those that are live none of it',
    why: 'Sharing and resuming meet here: one client’s replay must not reach another, nor end its stream.',
    level: 'robustness',
    async run(stage) {
      const socket = await stage.socket();
      const { line } = stage.stream();
      const live = socket.subscribe(MOVED, { line });
      await stage.live(socket, live);
      for (let n = 0; n < 6; n += 1) stage.stream().emit();
      const resuming = [0, 2, 4].map((seq) => ({ seq, id: socket.subscribe(MOVED, { line, after: `${line}:${seq}` }) }));
      for (const { seq, id } of resuming)
        await socket.until(() => seqsOf(socket, id, 'moved').length >= 6 - seq || socket.endOf(id) !== null, 'the replay did not come');
      stage.stream().emit();
      for (const id of [live, ...resuming.map((one) => one.id)])
        await socket.until(() => seqsOf(socket, id, 'moved').includes(7) || socket.endOf(id) !== null, 'the newest event did not come');
      same(seqsOf(socket, live, 'moved'), upTo(7), 'events of the live client');
      for (const { seq, id } of resuming) same(seqsOf(socket, id, 'moved'), upTo(7, seq + 1), `events after cursor ${seq}`);
      return undefined;
    },
  },
  {
    id: 'resume/joins-the-shared-stream',
    name: '20 clients that have resumed and caught up share one subscription at the subgraph again',
    why: 'Otherwise one mass reconnect ends all sharing for the rest of the day.',
    level: 'extension',
    async run(stage) {
      const { line } = stage.stream();
      for (let n = 0; n < 3; n += 1) stage.stream().emit();
      const sockets = await Promise.all(Array.from({ length: 20 }, () => stage.socket()));
      const all = sockets.map((socket, index) => ({
        socket,
        from: index % 3,
        id: socket.subscribe(MOVED, { line, after: `${line}:${index % 3}` }),
      }));
      for (const { socket, id, from } of all)
        await socket.until(() => seqsOf(socket, id, 'moved').length >= 3 - from || socket.endOf(id) !== null, 'the replay did not come');
      const shared = await joined(
        stage.deadlineMs / 2,
        () => stage.stream().open === 1,
        () => stage.stream().emit(),
      );
      const newest = stage.stream().newest;
      for (const { socket, id, from } of all) {
        await socket.until(
          () => seqsOf(socket, id, 'moved').includes(newest) || socket.endOf(id) !== null,
          'the newest event did not come',
        );
        same(seqsOf(socket, id, 'moved'), upTo(newest, from + 1), 'events');
      }
      if (!shared) throw new Unsupported(`${stage.stream().open} subscriptions at the subgraph for 20 clients that have caught up`);
      return '1 subscription at the subgraph';
    },
  },
  {
    id: 'resume/subgraph-restart',
    name: 'a stream with @resume goes on after its subgraph’s restart: nothing lost, nothing repeated',
    why: 'The gateway knows the last cursor; it can reopen the stream itself, and clients notice a pause.',
    level: 'extension',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe(WATCHED, { line: stage.stream().line });
      await stage.live(socket, id);
      stage.stream().emit();
      await socket.data(id);
      const { beacon } = stage.world.wires;
      for (let restart = 0; restart < 3; restart += 1) {
        await beacon.down();
        stage.stream().emit();
        stage.stream().emit();
        await beacon.up();
        const newest = stage.stream().newest;
        await socket.until(
          () => seqsOf(socket, id, 'watched').includes(newest) || socket.endOf(id) !== null,
          () => `event ${newest} did not come; events ${show(seqsOf(socket, id, 'watched'))}`,
        );
        if (socket.endOf(id)) throw new Unsupported(`the subscription ended with ${socket.ending(id)}`);
      }
      same(seqsOf(socket, id, 'watched'), upTo(stage.stream().newest), 'events');
      check(
        stage
          .stream()
          .opened.slice(1)
          .every((after) => after !== null),
        'the stream was opened again without a cursor',
      );
      return `reopened from ${show(stage.stream().opened.slice(1))}`;
    },
  },
];

/** Whether it comes about; events go on meanwhile, because some gateways move a client on an event. */
async function joined(withinMs: number, done: () => boolean, nudge: () => void): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (!done()) {
    if (Date.now() > end) return false;
    nudge();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return true;
}
