import type { SocketClient } from '../clients/socket-client.js';
import type { ConformanceCase } from '../suite/case.js';
import type { Stage } from '../suite/stage.js';
import { check, show } from '../suite/verdict.js';

const MOVED = 'subscription($line: String!) { moved(line: $line) { seq padding } }';
/** More than the network and any sensible buffer hold: 3,000 events of 8 KB. */
const EVENTS = 3_000;
const PADDING = 'x'.repeat(8 << 10);

async function pair(stage: Stage) {
  const [quick, slow] = await Promise.all([stage.socket(), stage.socket()]);
  const { line } = stage.stream();
  const quickId = quick.subscribe(MOVED, { line });
  const slowId = slow.subscribe(MOVED, { line });
  await stage.allGetEvents([
    { socket: quick, id: quickId },
    { socket: slow, id: slowId },
  ]);
  return { quick, quickId, slow, slowId };
}

const lastOf = (socket: SocketClient, id: string) =>
  (socket.eventsOf(id).at(-1)?.data?.moved as { seq?: number } | null | undefined)?.seq ?? 0;
const seqsOf = (socket: SocketClient, id: string) =>
  socket.eventsOf(id).map(({ data }) => (data?.moved as { seq?: number } | null | undefined)?.seq ?? -1);

/** In portions, each of them read by the quick client before the next: the pressure is on the slow one alone. */
async function flood(stage: Stage, quick: SocketClient, quickId: string): Promise<void> {
  for (let sent = 0; sent < EVENTS;) {
    for (let n = 0; n < 50; n += 1, sent += 1) stage.stream().emit({ padding: PADDING });
    const newest = stage.stream().newest;
    await quick.until(
      () => lastOf(quick, quickId) === newest || quick.endOf(quickId) !== null,
      () => `the quick client has event ${lastOf(quick, quickId)} of ${newest}`,
    );
    check(quick.endOf(quickId) === null, () => `the quick client was ended with ${show(quick.endOf(quickId))}`);
  }
}

export const pressureCases: ConformanceCase[] = [
  {
    id: 'pressure/frozen-client',
    name: 'a client that reads nothing slows no other',
    why: 'One laptop that was closed must not stop the dashboard on the wall.',
    level: 'robustness',
    async run(stage) {
      const { quick, quickId, slow } = await pair(stage);
      slow.freeze();
      await flood(stage, quick, quickId);
      const seqs = seqsOf(quick, quickId);
      check(new Set(seqs).size === seqs.length, 'the quick client got events twice');
      check(seqs.at(-1)! - seqs[0]! + 1 === seqs.length, 'the quick client lost events');
      return `${EVENTS} events of 8 KB`;
    },
  },
  {
    id: 'pressure/slow-client',
    name: 'a client that reads late gets every event, or is told that it did not',
    why: 'Silent loss is the one answer that is wrong: the client shows an old state as the present one.',
    level: 'robustness',
    async run(stage) {
      const { quick, quickId, slow, slowId } = await pair(stage);
      slow.freeze();
      await flood(stage, quick, quickId);
      slow.thaw();
      const newest = stage.stream().newest;
      const told = () => {
        const end = slow.endOf(slowId);
        if (end) return `ended with ${show(end)}`;
        const marked = slow.eventsOf(slowId).find(({ extensions }) => extensions !== undefined);
        return marked && `an event says ${show(marked.extensions)}`;
      };
      await slow.until(
        () => lastOf(slow, slowId) === newest || told() !== undefined,
        () => `after reading again the slow client has event ${lastOf(slow, slowId)} of ${newest}, and was told nothing`,
      );
      const seqs = seqsOf(slow, slowId);
      const complete = seqs.at(-1)! - seqs[0]! + 1 === seqs.length && seqs.at(-1) === newest;
      check(complete || told() !== undefined, `${newest - seqs[0]! + 1 - seqs.length} events are missing, and the client was told nothing`);
      return complete ? 'every event' : told();
    },
  },
];
