import type { SocketClient } from '../clients/socket-client.js';
import type { ConformanceCase } from '../suite/case.js';
import type { Stage } from '../suite/stage.js';
import { Fail, check, same, show } from '../suite/verdict.js';
import { pause, poll } from '../suite/waits.js';

const COLOUR = 'subscription($line: String!) { moved(line: $line) { seq parcel { colour } } }';
const PLACE = 'subscription($line: String!) { moved(line: $line) { seq parcel { place } } }';
const PLAIN = 'subscription($line: String!) { moved(line: $line) { seq } }';
const FIRST = { colourIn: 'catalog', placeIn: 'tracking' } as const;

interface Watched {
  socket: SocketClient;
  id: string;
}

async function watch(stage: Stage, query: string, socket?: SocketClient, suffix = ''): Promise<Watched> {
  socket ??= await stage.socket();
  const id = socket.subscribe(query, { line: stage.stream(suffix).line });
  await stage.live(socket, id, stage.stream(suffix));
  return { socket, id };
}

function goesOn({ socket, id }: Watched): void {
  if (socket.endOf(id)) throw new Fail(`the subscription ended with ${socket.ending(id)}`);
}

/** One more event; resolves with it, or fails with how the subscription ended. */
async function eventAfter(stage: Stage, { socket, id }: Watched, suffix = ''): Promise<Record<string, unknown>> {
  const stream = stage.stream(suffix);
  const before = socket.eventsOf(id).length;
  const event = stream.emit({ parcel: 'p1' });
  await socket.until(
    () => socket.eventsOf(id).length > before || socket.endOf(id) !== null,
    `event ${event.seq} did not come, and no end either`,
  );
  goesOn({ socket, id });
  return socket.data(id);
}

function complete(stage: Stage, { socket, id }: Watched, suffix = ''): void {
  const seqs = socket.eventsOf(id).map(({ data }) => (data?.moved as { seq: number }).seq);
  same(
    seqs,
    Array.from({ length: stage.stream(suffix).newest }, (_, index) => index + 1),
    'events before and after the change',
  );
}

type Moved = { seq: number; parcel?: Record<string, unknown> };
const lastOf = ({ socket, id }: Watched) => socket.eventsOf(id).at(-1)?.data?.moved as Moved | undefined;

/**
 * Events before, during and after `change`; the subscription must have all of them, and nothing else.
 * @param shows What an event looks like as soon as the change has reached the subscription. A gateway may serve queries
 * from the new supergraph a little earlier.
 */
async function survives(stage: Stage, query: string, change: () => Promise<void>, shows: (moved: Moved) => boolean = () => true) {
  await stage.reload.ensure(FIRST);
  const watched = await watch(stage, query);
  const { socket, id } = watched;
  const first = (await eventAfter(stage, watched)).moved as Moved;
  let changing = true;
  const during = (async () => {
    while (changing) {
      stage.stream().emit({ parcel: 'p1' });
      await pause(100);
    }
  })();
  try {
    await change();
  } finally {
    changing = false;
    await during;
  }
  const all = async () => {
    await socket.until(
      () => socket.eventsOf(id).length >= stage.stream().newest || socket.endOf(id) !== null,
      () => `${socket.eventsOf(id).length} of ${stage.stream().newest} events came`,
    );
    goesOn(watched);
  };
  await all();
  const reached = async () => {
    stage.stream().emit({ parcel: 'p1' });
    await all();
    return shows(lastOf(watched)!);
  };
  await poll(reached, `events still come as before: ${show(first)}`, stage.deadlineMs);
  complete(stage, watched);
  return first;
}

export const reloadCases: ConformanceCase[] = [
  {
    id: 'reload/unchanged',
    name: 'the same supergraph again: open subscriptions do not notice',
    why: 'Deployments write files that have not changed.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      await survives(stage, COLOUR, async () => {
        await stage.reload.rewrite();
        await pause(stage.settleMs);
      });
      same(stage.stream().opened.length, 1, 'subscriptions at the subgraph');
      return undefined;
    },
  },
  {
    id: 'reload/additive',
    name: 'a supergraph with one more field elsewhere: open subscriptions do not notice',
    why: 'Most changes are additions by another team. Ending everybody’s streams for them makes every deployment an incident.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      await survives(stage, COLOUR, () => stage.reload.to());
      return undefined;
    },
  },
  {
    id: 'reload/rest-changed',
    name: 'a field fetched after the event has moved to another subgraph: events go on, completed by the new one',
    why: 'The stream itself is untouched; only what follows each event is planned anew.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      const byQuotes = ({ parcel }: Moved) => parcel?.colour === 'p1 painted by quotes';
      const first = await survives(stage, COLOUR, () => stage.reload.to({ colourIn: 'quotes' }), byQuotes);
      same(first.parcel?.colour, 'p1 painted by catalog', 'before');
      same(stage.stream().opened.length, 1, 'subscriptions at the subgraph, which need not have noticed');
      return undefined;
    },
  },
  {
    id: 'reload/primary-changed',
    name: 'the first fetch itself has changed: events go on, nothing lost, nothing repeated',
    why: 'The stream must be opened anew; by its cursor the new one continues where the old one stopped.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      const byCatalog = ({ parcel }: Moved) => parcel?.place === 'p1 seen by catalog';
      const first = await survives(stage, PLACE, () => stage.reload.to({ placeIn: 'catalog' }), byCatalog);
      same(first.parcel?.place, 'p1 seen by tracking', 'before');
      return `opened from ${show(stage.stream().opened)}`;
    },
  },
  {
    id: 'reload/field-removed',
    name: 'a field is gone: the operation that asks for it ends alone, with one error; the others go on',
    why: 'Only what has become invalid may end, and its client must learn that asking again will not help.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      await stage.reload.ensure(FIRST);
      const coloured = await watch(stage, COLOUR);
      const plain = await watch(stage, PLAIN, coloured.socket, '/plain');
      await eventAfter(stage, coloured);
      await eventAfter(stage, plain, '/plain');
      await stage.reload.to({ colourIn: null });
      const { socket, id } = coloured;
      await socket.until(() => socket.endOf(id) !== null, 'the operation that is no longer valid was not ended');
      check(socket.close === null, () => `the whole socket was closed with ${show(socket.close)}`);
      const told = socket.ending(id);
      check(told !== 'a plain complete', `ended with ${told}: the client cannot tell why`);
      await eventAfter(stage, plain, '/plain');
      complete(stage, plain, '/plain');
      await socket.roundTrip();
      const ends = socket.messages.filter((message) => message.id === id && message.type !== 'next');
      same(ends.length, 1, 'messages that end the operation');
      return told;
    },
  },
  {
    id: 'reload/ten-in-a-row',
    name: 'ten changes while events come: nothing lost, nothing repeated, nobody disconnected',
    why: 'A day with many deployments. Each change moves a field to and fro.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      await survives(stage, COLOUR, async () => {
        for (let n = 0; n < 10; n += 1) await stage.reload.to({ colourIn: n % 2 === 0 ? 'quotes' : 'catalog' });
      });
      return `${stage.stream().newest} events`;
    },
  },
  {
    id: 'reload/in-flight-query',
    name: 'a query that is under way when the supergraph changes is answered in full',
    why: 'It began on the old one and may finish on it; clients do not retry mutations.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      await stage.reload.ensure(FIRST);
      const release = stage.world.holds.hold('quotes', 'p4242');
      const answer = stage.query('{ parcel(id: "p4242") { name shippingCents colour } }');
      await poll(
        () => Promise.resolve(stage.fetchesOf('quotes', 'p4242') > 0),
        'the query did not reach its second subgraph',
        stage.deadlineMs,
      );
      await stage.reload.to({ colourIn: null });
      release();
      const parcel = { name: 'Parcel p4242', shippingCents: 848_400, colour: 'p4242 painted by catalog' };
      same(await answer, { data: { parcel } }, 'the answer');
      return undefined;
    },
  },
  {
    id: 'reload/invalid',
    name: 'a supergraph that does not load: the last good one goes on serving, and the next good one is taken',
    why: 'A broken deployment must not become an outage, nor blind the gateway for the repair.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      await survives(stage, COLOUR, async () => {
        await stage.reload.spoil();
        await pause(stage.settleMs);
        same((await stage.query('{ parcel(id: "p1") { name } }')).data, { parcel: { name: 'Parcel p1' } }, 'a query meanwhile');
      });
      const again = await watch(stage, PLAIN, undefined, '/again');
      await eventAfter(stage, again, '/again');
      await stage.reload.to();
      return undefined;
    },
  },
  {
    id: 'reload/half-written',
    name: 'a file caught half-written: open subscriptions do not notice, and the whole is taken',
    why: 'Not every deployment writes atomically, and a watcher sees the first half.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      await survives(stage, COLOUR, () => stage.reload.toInHalves(60));
      return undefined;
    },
  },
  {
    id: 'reload/replaced',
    name: 'a file replaced by another one: open subscriptions do not notice, and the new one is taken',
    why: 'Deployments, editors and mounted volumes rename a new file into place; whoever watches the old one waits for ever.',
    level: 'robustness',
    needs: 'reload',
    async run(stage) {
      await survives(stage, COLOUR, () => stage.reload.toByRename());
      return undefined;
    },
  },
];
