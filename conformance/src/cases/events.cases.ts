import type { ConformanceCase } from '../suite/case.js';
import type { Stage } from '../suite/stage.js';
import { check, same, show } from '../suite/verdict.js';
import { poll } from '../suite/waits.js';

interface Operation {
  root: string;
  declared: string;
  variables: Record<string, unknown>;
  fragments: string;
}

/** Subscribes to this case's line with that selection, lets the subgraph send one event, and returns what came. */
async function oneEvent(stage: Stage, selection: string, event: Record<string, unknown>, over: Partial<Operation> = {}) {
  const { fragments = '', declared = '', variables = {}, root = 'moved' } = over;
  const socket = await stage.socket();
  const query = `subscription($line: String!${declared}) { ${root}(line: $line) ${selection} } ${fragments}`;
  const id = socket.subscribe(query, { line: stage.stream().line, ...variables });
  await stage.live(socket, id);
  stage.stream().emit(event);
  return socket.event(id);
}

export const eventCases: ConformanceCase[] = [
  {
    id: 'events/entity-fields',
    name: 'fields of other subgraphs on events',
    why: 'An event names an entity; the rest of its fields come from the subgraph that owns them. Without that there is no federated subscription.',
    level: 'specification',
    async run(stage) {
      const { data, errors } = await oneEvent(stage, '{ seq parcel { id name weightG place owner { name } } }', { parcel: 'p7' });
      same(errors, undefined, 'errors');
      const parcel = { id: 'p7', name: 'Parcel p7', weightG: 700, place: 'p7 seen by tracking', owner: { name: 'Owner of p7' } };
      same(data, { moved: { seq: 1, parcel } }, 'data');
      return undefined;
    },
  },
  {
    id: 'events/entity-lists',
    name: 'a list of entities on one event, repeated ones too',
    why: 'Entities of one event are fetched together and must find their way back to their places.',
    level: 'specification',
    async run(stage) {
      const { data } = await oneEvent(stage, '{ parcels { name } }', { parcels: ['p1', 'p2', 'p1', 'p3'] });
      same(data, { moved: { parcels: ['p1', 'p2', 'p1', 'p3'].map((id) => ({ name: `Parcel ${id}` })) } }, 'data');
      return undefined;
    },
  },
  {
    id: 'events/requires',
    name: '@requires on events',
    why: 'A field that needs another subgraph’s field makes two dependent fetches after each event; the client did not select what it needs.',
    level: 'specification',
    async run(stage) {
      const { data, errors } = await oneEvent(stage, '{ parcel { shippingCents } parcels { shippingCents } }', {
        parcel: 'p3',
        parcels: ['p1', 'p2'],
      });
      same(errors, undefined, 'errors');
      same(data, { moved: { parcel: { shippingCents: 600 }, parcels: [{ shippingCents: 200 }, { shippingCents: 400 }] } }, 'data');
      return undefined;
    },
  },
  {
    id: 'events/aliases',
    name: 'aliases, also those that hide a key',
    why: 'The gateway needs the entity’s key, whatever the client calls `id`.',
    level: 'specification',
    async run(stage) {
      const selection = '{ n: seq a: parcel { id: name number: id } b: parcel { weight: weightG shippingCents } }';
      const { data, errors } = await oneEvent(stage, selection, { parcel: 'p4' }, { root: 'it: moved' });
      same(errors, undefined, 'errors');
      same(data, { it: { n: 1, a: { id: 'Parcel p4', number: 'p4' }, b: { weight: 400, shippingCents: 800 } } }, 'data');
      return undefined;
    },
  },
  {
    id: 'events/fragments',
    name: 'named and inline fragments, nested and repeated',
    why: 'Clients compose operations from fragments; a planner that looks only at plain fields loses them.',
    level: 'specification',
    async run(stage) {
      const { data, errors } = await oneEvent(
        stage,
        '{ ...Head parcel { ...Face ... on Parcel { shippingCents ...Face } } }',
        { parcel: 'p2', note: 'n' },
        {
          fragments:
            'fragment Head on Move { seq ... { note } } fragment Face on Parcel { name __typename owner { ...Who } } fragment Who on Owner { name }',
        },
      );
      same(errors, undefined, 'errors');
      const parcel = { name: 'Parcel p2', __typename: 'Parcel', owner: { name: 'Owner of p2' }, shippingCents: 400 };
      same(data, { moved: { seq: 1, note: 'n', parcel } }, 'data');
      return undefined;
    },
  },
  {
    id: 'events/include-skip',
    name: '@include and @skip by variables',
    why: 'What is left out must be neither in the result nor fetched.',
    level: 'specification',
    async run(stage) {
      const { data, errors } = await oneEvent(
        stage,
        '{ seq @skip(if: $no) parcel { id name @include(if: $no) shippingCents @skip(if: $yes) ... @include(if: $yes) { weightG } } }',
        { parcel: 'p77' },
        { declared: ', $yes: Boolean!, $no: Boolean!', variables: { yes: true, no: false } },
      );
      same(errors, undefined, 'errors');
      same(data, { moved: { seq: 1, parcel: { id: 'p77', weightG: 7_700 } } }, 'data');
      same(stage.fetchesOf('quotes', 'p77'), 0, 'fetches of what was skipped');
      return undefined;
    },
  },
  {
    id: 'events/null-entity',
    name: 'an event without its nullable entity',
    why: 'There is nothing to fetch, and nothing wrong.',
    level: 'specification',
    async run(stage) {
      const { data, errors } = await oneEvent(stage, '{ seq parcel { name shippingCents } parcels { name } }', { parcel: null });
      same(errors, undefined, 'errors');
      same(data, { moved: { seq: 1, parcel: null, parcels: [] } }, 'data');
      return undefined;
    },
  },
  {
    id: 'events/null-propagation-to-parent',
    name: 'null in a non-null entity field empties the nearest nullable parent, with an error',
    why: 'GraphQL demands both: the client must not see null where the schema excludes it, and must hear why something is missing.',
    level: 'specification',
    async run(stage) {
      const { data, errors } = await oneEvent(stage, '{ seq parcel { id owner { name } } }', { parcel: 'ownerless1' });
      same(data, { moved: { seq: 1, parcel: null } }, 'data');
      check((errors?.length ?? 0) > 0, 'no error says why the parcel is null');
      return undefined;
    },
  },
  {
    id: 'events/null-propagation-to-root',
    name: 'null in a non-null entity empties the whole event, with an error, and the stream goes on',
    why: 'Every parent up to the root is non-null here. One bad event is no reason to end the stream.',
    level: 'specification',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe('subscription($line: String!) { moved(line: $line) { seq firm { owner { name } } } }', {
        line: stage.stream().line,
      });
      await stage.live(socket, id);
      stage.stream().emit({ firm: 'ownerless2' });
      const { data, errors } = await socket.event(id);
      check(data === null || data === undefined, `data is ${show(data)}`);
      check((errors?.length ?? 0) > 0, 'no error says why there is no data');
      stage.stream().emit({ firm: 'p1' });
      same(await socket.data(id), { moved: { seq: 2, firm: { owner: { name: 'Owner of p1' } } } }, 'the next event');
      return undefined;
    },
  },
  {
    id: 'events/entity-not-found',
    name: 'an entity that is gone',
    why: 'Between the event and the fetch the entity may be deleted. The event still arrives, with nulls where the schema allows them.',
    level: 'specification',
    async run(stage) {
      const { data } = await oneEvent(stage, '{ seq parcel { id nickname } }', { parcel: 'gone1' });
      same(data, { moved: { seq: 1, parcel: { id: 'gone1', nickname: null } } }, 'data');
      return undefined;
    },
  },
  {
    id: 'events/entity-fetch-fails',
    name: 'an entity fetch that fails: the event arrives, with an error that has a path',
    why: 'What the event itself says must not be lost because another subgraph has a fault.',
    level: 'robustness',
    async run(stage) {
      const { data, errors } = await oneEvent(stage, '{ seq parcel { id nickname } }', { parcel: 'broken1' });
      same(data, { moved: { seq: 1, parcel: { id: 'broken1', nickname: null } } }, 'data');
      const [error] = errors ?? [];
      check(error !== undefined, 'no error names what is missing');
      check(error.path?.[0] === 'moved', `the error has the path ${show(error.path)}`);
      return `path ${show(error.path)}`;
    },
  },
  {
    id: 'events/entity-subgraph-away',
    name: 'the entities’ subgraph is away: the event arrives with an error, and whole ones when it is back',
    why: 'A restart of one subgraph is no reason to end or silence the streams of another.',
    level: 'robustness',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe('subscription($line: String!) { moved(line: $line) { seq parcel { id nickname } } }', {
        line: stage.stream().line,
      });
      await stage.live(socket, id);
      const wire = stage.world.wires.catalog;
      await wire.down();
      try {
        stage.stream().emit({ parcel: 'p1' });
        const { data, errors } = await socket.event(id);
        same(data, { moved: { seq: 1, parcel: { id: 'p1', nickname: null } } }, 'data while the subgraph is away');
        check((errors?.length ?? 0) > 0, 'no error names what is missing');
      } finally {
        await wire.up();
      }
      // A gateway may leave a subgraph alone for a moment that has just failed.
      const whole = async () => {
        stage.stream().emit({ parcel: 'p1' });
        return (await socket.event(id)).errors === undefined;
      };
      await poll(whole, 'events still come with errors after the subgraph is back', stage.deadlineMs);
      return undefined;
    },
  },
  {
    id: 'events/order',
    name: 'events keep their order when their entity fetches do not',
    why: 'The second event’s fetch may be answered first; a client that sees it first shows the past as the present.',
    level: 'robustness',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe('subscription($line: String!) { moved(line: $line) { seq parcel { name } } }', {
        line: stage.stream().line,
      });
      await stage.live(socket, id);
      const release = stage.world.holds.hold('catalog', 'p5001');
      try {
        stage.stream().emit({ parcel: 'p5001' });
        stage.stream().emit({ parcel: 'p5002' });
        const other = stage.stream('/other');
        const beside = socket.subscribe('subscription($line: String!) { moved(line: $line) { seq } }', { line: other.line });
        await other.untilOpen(1);
        other.emit();
        same(await socket.data(beside), { moved: { seq: 1 } }, 'an event of another stream, while the fetch is slow');
        same(socket.eventsOf(id), [], 'events that overtook the slow one');
      } finally {
        release();
      }
      same(await socket.data(id), { moved: { seq: 1, parcel: { name: 'Parcel p5001' } } }, 'the first event');
      same(await socket.data(id), { moved: { seq: 2, parcel: { name: 'Parcel p5002' } } }, 'the second event');
      return undefined;
    },
  },
  {
    id: 'events/burst',
    name: 'a burst of 500 events: all of them, once, in order',
    why: 'Nothing in the gateway may drop, repeat or reorder what a reading client can take.',
    level: 'robustness',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe('subscription($line: String!) { moved(line: $line) { seq parcel { weightG } } }', {
        line: stage.stream().line,
      });
      await stage.live(socket, id);
      for (let n = 1; n <= 500; n += 1) stage.stream().emit({ parcel: `p${n}` });
      await socket.until(
        () => socket.eventsOf(id).length >= 500 || socket.endOf(id) !== null,
        () => `${socket.eventsOf(id).length} of 500 events came`,
      );
      const seen = socket.eventsOf(id).map(({ data }) => data?.moved);
      same(
        seen,
        Array.from({ length: 500 }, (_, n) => ({ seq: n + 1, parcel: { weightG: (n + 1) * 100 } })),
        'events',
      );
      return undefined;
    },
  },
];
