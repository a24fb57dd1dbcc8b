import { eventually } from '@pulsegraph/testkit';
import { createClient as createSseClient } from '../testing/sse-client.js';
import { startMovingGraph, type Variant } from '../testing/moving-graph.js';
import { collect, type GraphQLBody } from '../testing/test-gateway.js';

type Graph = Awaited<ReturnType<typeof startMovingGraph>>;
let g: Graph;
beforeEach(async () => {
  g = await startMovingGraph({ live: { changeOverMs: 30 } });
});
afterEach(() => g.stop());

const numbers = (results: readonly GraphQLBody[], field = 'ticks') => results.map(({ data }) => (data![field] as { n: number }).n);
const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, index) => index + from);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a new supergraph', () => {
  it('keeps the stream whose first fetch is the same, and changes what follows it', async () => {
    const feed = collect(g.client(), 'subscription { ticks { n thing { size } } }');
    await eventually(() => expect(g.ticks.open).toBe(1));
    g.ticks.publish({ n: 1 });
    await feed.wait(1);
    await g.change('sizeMoved');
    g.ticks.publish({ n: 2 });
    expect(await feed.wait(2)).toEqual([
      { data: { ticks: { n: 1, thing: { size: 1 } } } },
      { data: { ticks: { n: 2, thing: { size: 2 } } } },
    ]);
    expect(g.ticks.opened).toEqual([null]);
    feed.stop();
    await eventually(() => expect(g.ticks.open).toBe(0));
  });

  it('goes on from the cursor where the first fetch changes', async () => {
    const feeds = [
      collect(g.client(), 'subscription { ticks { n thing { name } } }'),
      collect(g.client(), 'subscription { ticks { n thing { name } } }'),
    ];
    await eventually(() => expect(g.gateway.live.describe()).toMatchObject([{ clients: 2 }]));
    await eventually(() => expect(g.ticks.open).toBe(1));
    const cursor = g.ticks.publish({ n: 1 });
    await Promise.all(feeds.map((feed) => feed.wait(1)));
    await g.change('nameAtHand');
    g.ticks.publish({ n: 2 });
    for (const feed of feeds) {
      expect((await feed.wait(2)).map(({ data }) => data!.ticks)).toEqual([
        { n: 1, thing: { name: 'thing 1' } },
        { n: 2, thing: { name: 'at hand 2' } },
      ]);
    }
    expect(g.ticks.opened).toEqual([null, cursor]);
    expect(g.ticks.open).toBe(1);
    // Who comes later shares the stream that took the old one's place.
    const late = collect(g.client(), 'subscription { ticks { n thing { name } note } }');
    await eventually(() => expect(g.gateway.live.counts).toEqual({ groups: 2, upstreams: 2 }));
    [...feeds, late].forEach((feed) => feed.stop());
  });

  it('changes over a stream without a cursor once the new one has opened', async () => {
    const feed = collect(g.client(), 'subscription { loose { n thing { name } } }');
    await eventually(() => expect(g.loose.open).toBe(1));
    g.loose.publish({ n: 1 });
    await feed.wait(1);
    await g.change('nameAtHand');
    g.loose.publish({ n: 2 });
    expect((await feed.wait(2)).map(({ data }) => data!.loose)).toEqual([
      { n: 1, thing: { name: 'thing 1' } },
      { n: 2, thing: { name: 'at hand 2' } },
    ]);
    expect(g.loose.open).toBe(1);
    feed.stop();
  });

  it('ends only what is no longer valid, with one error of its own', async () => {
    const client = g.client();
    const invalid = collect(client, 'subscription { ticks { n note } }');
    const valid = collect(client, 'subscription { ticks { n } }');
    await eventually(() => expect(g.ticks.open).toBe(2));
    await g.change('noNote');
    expect(await invalid.ended()).toMatchObject([
      { extensions: { code: 'OPERATION_NO_LONGER_VALID', reasons: ['Cannot query field "note" on type "Tick".'] } },
    ]);
    g.ticks.publish({ n: 1 });
    expect(numbers(await valid.wait(1))).toEqual([1]);
    expect(g.ticks.open).toBe(1);
    valid.stop();
  });

  it('that cannot be used leaves the last good one serving, and health says so', async () => {
    const feed = collect(g.client(), 'subscription { ticks { n } }');
    await eventually(() => expect(g.ticks.open).toBe(1));
    g.fail('type Query { half');
    g.ticks.publish({ n: 1 });
    expect(numbers(await feed.wait(1))).toEqual([1]);
    const health = async () => (await (await fetch(`${g.url}/health/ready`)).json()) as { status: string };
    expect((await health()).status).toBe('degraded');
    await g.change('base');
    expect((await health()).status).toBe('ready');
    feed.stop();
  });

  it('fifty times under steady events loses nothing and repeats nothing', async () => {
    const feeds = Array.from({ length: 60 }, (_, index) =>
      collect(
        g.client(),
        ['subscription { ticks { n thing { name } } }', 'subscription { ticks { n thing { size } } }', 'subscription { ticks { n } }'][
          index % 3
        ]!,
      ),
    );
    await eventually(() => expect(g.gateway.live.describe().map(({ clients }) => clients)).toEqual([20, 20, 20]));
    await eventually(() => expect(g.ticks.open).toBe(2));
    const variants: Variant[] = ['nameAtHand', 'sizeMoved', 'base'];
    let n = 0;
    let changing = true;
    const publishing = (async () => {
      while (changing) {
        g.ticks.publish({ n: (n += 1) });
        await turn();
      }
    })();
    for (let index = 0; index < 50; index += 1) {
      await g.change(variants[index % 3]!);
      for (let turns = 0; turns < 5; turns += 1) await turn();
    }
    changing = false;
    await publishing;
    const results = await Promise.all(feeds.map((feed) => feed.wait(n)));
    expect(n).toBeGreaterThan(100);
    for (const result of results) expect(numbers(result)).toEqual(upTo(n));
    feeds.forEach((feed) => feed.stop());
    await eventually(() => expect(g.gateway.live.counts).toEqual({ groups: 0, upstreams: 0 }));
  });
});

describe('clients that come back with a cursor', () => {
  const TICKS = 'subscription($after: String) { ticks(after: $after) { n } }';

  it('are replayed to and share again, each event once, under steady events', async () => {
    const cursors = [g.ticks.publish({ n: 1 })];
    let n = 1;
    while (n < 200) cursors.push(g.ticks.publish({ n: (n += 1) }));
    let publishing = true;
    const steady = (async () => {
      while (publishing) {
        g.ticks.publish({ n: (n += 1) });
        await turn();
      }
    })();
    const live = collect(g.client(), TICKS);
    const starts = [0, 0, 0, 50, 50, 120, 199];
    const feeds = starts.map((start) => collect(g.client(), TICKS, { after: cursors[start] }));
    await eventually(() => expect(g.gateway.live.describe().map(({ clients }) => clients)).toEqual([8]));
    await eventually(() => expect(g.ticks.open).toBe(1));
    publishing = false;
    await steady;
    g.ticks.publish({ n: (n += 1) });
    for (const [index, feed] of feeds.entries())
      expect(numbers(await feed.wait(n - starts[index]! - 1))).toEqual(upTo(n, starts[index]! + 2));
    await eventually(() => expect(numbers(live.results).at(-1)).toBe(n));
    expect(numbers(live.results)).toEqual(upTo(n, numbers(live.results)[0]));
    [...feeds, live].forEach((feed) => feed.stop());
  });

  it('get from memory what they missed while others stayed', async () => {
    const stays = collect(g.client(), TICKS);
    await eventually(() => expect(g.ticks.open).toBe(1));
    const cursors = upTo(10).map((n) => g.ticks.publish({ n }));
    await stays.wait(10);
    const back = collect(g.client(), TICKS, { after: cursors[4] });
    expect(numbers(await back.wait(5))).toEqual([6, 7, 8, 9, 10]);
    g.ticks.publish({ n: 11 });
    expect(numbers(await back.wait(6)).at(-1)).toBe(11);
    expect(g.ticks.opened).toEqual([null]);
    [stays, back].forEach((feed) => feed.stop());
  });

  it('do not miss what was replayed before they came with the same cursor', async () => {
    const cursors = upTo(400).map((n) => g.ticks.publish({ n }));
    const first = collect(g.client(), TICKS, { after: cursors[0] });
    await first.wait(1);
    const second = collect(g.client(), TICKS, { after: cursors[0] });
    expect(numbers(await second.wait(399))).toEqual(upTo(400, 2));
    expect(numbers(await first.wait(399))).toEqual(upTo(400, 2));
    [first, second].forEach((feed) => feed.stop());
  });

  it('share one replay as after a restart: who comes later asks no subgraph again', async () => {
    const cursors = upTo(40).map((n) => g.ticks.publish({ n }));
    const first = collect(g.client(), TICKS, { after: cursors[9] });
    expect(numbers(await first.wait(30))).toEqual(upTo(40, 11));
    g.ticks.publish({ n: 41 });
    await first.wait(31);
    const later = [9, 9, 20].map((place) => ({ place, feed: collect(g.client(), TICKS, { after: cursors[place] }) }));
    g.ticks.publish({ n: 42 });
    for (const { place, feed } of later) expect(numbers(await feed.wait(41 - place))).toEqual(upTo(42, place + 2));
    expect(g.ticks.opened).toEqual(['c10']);
    [first, ...later.map(({ feed }) => feed)].forEach((feed) => feed.stop());
  });

  it('resume over SSE by the id of the last event', async () => {
    upTo(5).forEach((n) => g.ticks.publish({ n }));
    const query = { query: 'subscription { ticks { n } }' };
    const sse = createSseClient(`${g.url}/graphql`, { 'last-event-id': 'c3' }, query);
    expect(await sse.next()).toEqual({ event: 'next', id: 'c4', data: { data: { ticks: { n: 4 } } } });
    expect(await sse.next()).toMatchObject({ id: 'c5' });
    sse.stop();
    await eventually(() => expect(g.ticks.open).toBe(0));
  });
});
