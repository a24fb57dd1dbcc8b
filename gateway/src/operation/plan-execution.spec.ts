import { createHash } from 'node:crypto';
import { silentLog } from '@pulsegraph/kit/log';
import { DEFAULT_LIMITS } from '../limits/limits.js';
import { buildGeneration } from '../supergraph/generation.js';
import { dataSourcesOf } from './data-source.js';
import { OperationStore } from './operation-store.js';
import { runPlan } from './plan-execution.js';
import { parse } from 'graphql';
import { composeServices } from '@apollo/composition';
import type { SubgraphClient } from '../subgraph-client/subgraph-client.js';
import fc from 'fast-check';

/**
 * Subgraphs that answer any fetch by the schema, but break its promises at random (decided by a hash, so that both ways
 * get the same): null for a promise, a wrong leaf, a missing entity.
 */
const A = `type Query { one: Thing list: [Thing!] node(id: ID!): Node any: [Any] deep: [[Int!]!] word: Word strict: Thing! }
  interface Node { id: ID! label: String! } union Any = Thing | Other enum Word { YES NO }
  type Thing implements Node @key(fields: "id") { id: ID! label: String! n: Int self: Thing other: Other! words: [Word!]! }
  type Other implements Node @key(fields: "id") { id: ID! label: String! f: Float }`;
const B = `type Thing @key(fields: "id") { id: ID! far: String! near: [Other] } type Other @key(fields: "id") { id: ID! weight: Int! }
  type Query { second: Thing }`;
const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';

const supergraph = composeServices([
  { name: 'a', url: 'http://a', typeDefs: parse(LINK + A) },
  { name: 'b', url: 'http://b', typeDefs: parse(LINK + B) },
]);
const generation = buildGeneration(supergraph.supergraphSdl!);
const store = new OperationStore(generation, DEFAULT_LIMITS);

const QUERIES = [
  '{ one { id label n other { label f weight } far near { weight } words } }',
  '{ list { n: label label2: label self { self { far } } ...F } } fragment F on Thing { n2: n far other { id } }',
  'query($yes: Boolean! = true, $no: Boolean!) { one @include(if: $yes) { label @skip(if: $yes) n @include(if: $no) id } list @skip(if: $no) { id far @include(if: $yes) } }',
  '{ node(id: 1) { __typename t: __typename id label ... on Thing { n other { f } far } ... on Other { weight } } }',
  '{ any { __typename ... on Node { label } ... on Thing { far words } ... on Other { f weight } } deep word }',
  '{ strict { id toString: label constructor: n far } second { near { label weight } label } }',
  '{ one { id ... { label } ... on Node { label } } second { id } __typename }',
];

interface Selection {
  kind: string;
  name?: { value: string };
  alias?: { value: string };
  typeCondition?: { name: { value: string } };
  selectionSet?: { selections: Selection[] };
}

/** 0 to 99 for a place in an answer: the same for the same seed. */
function chance(seed: number, place: string): number {
  return createHash('sha256').update(`${seed} ${place}`).digest().readUInt16BE(0) % 100;
}

function answering(name: string, sdl: string, seed: number, faults: number): SubgraphClient {
  const types = new Map(
    parse(sdl).definitions.flatMap((d) =>
      'fields' in d && d.fields ? [[d.name.value, new Map(d.fields.map((f) => [f.name.value, f]))] as const] : [],
    ),
  );
  const value = (
    type: { kind: string; type?: unknown; name?: { value: string } },
    place: string,
    selections: Selection[] | undefined,
  ): unknown => {
    if (type.kind === 'NonNullType') return value(type.type as never, place, selections);
    const roll = chance(seed, place);
    if (roll < faults) return null;
    if (type.kind === 'ListType') return [0, 1].map((index) => value(type.type as never, `${place}.${index}`, selections));
    const leaf: Record<string, unknown> = {
      ID: String(roll % 4),
      String: `s${roll}`,
      Int: roll,
      Float: roll / 3,
      Word: roll % 2 ? 'YES' : 'NO',
    };
    if (type.name!.value in leaf) return roll < faults * 1.5 ? { wrong: true } : leaf[type.name!.value];
    const concrete = ['Node', 'Any'].includes(type.name!.value) ? (roll % 2 ? 'Thing' : 'Other') : type.name!.value;
    return object(concrete, place, selections ?? []);
  };
  const object = (typeName: string, place: string, selections: Selection[]): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    for (const selection of selections) {
      const key = selection.alias?.value ?? selection.name?.value ?? '';
      const field = selection.name?.value ?? '';
      if (selection.kind === 'InlineFragment') {
        const condition = selection.typeCondition?.name.value;
        if (!condition || condition === typeName || condition === 'Node')
          Object.assign(result, object(typeName, place, selection.selectionSet!.selections));
      } else if (field === '__typename') result[key] = typeName;
      else result[key] = value(types.get(typeName)!.get(field)!.type as never, `${place}.${field}`, selection.selectionSet?.selections);
    }
    return result;
  };
  return {
    name,
    fetch: ({ query, variables }) => {
      const operation = parse(query).definitions[0] as unknown as { selectionSet: { selections: Selection[] } };
      const entities = operation.selectionSet.selections.find((s) => s.name?.value === '_entities');
      if (!entities) return Promise.resolve({ data: object('Query', name, operation.selectionSet.selections) });
      const representations = variables!.representations as { __typename: string; id: string }[];
      const data = {
        _entities: representations.map(({ __typename, id }) =>
          chance(seed, `${name} ${id}`) < faults ? null : object(__typename, `${name}${id}`, entities.selectionSet!.selections),
        ),
      };
      return Promise.resolve({ data });
    },
    subscribe: () => {
      throw new Error('not here');
    },
    recordAccess: () => Promise.resolve(),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

it('shapes every answer as Apollo does, for whatever subgraphs send', async () => {
  const policy = { log: silentLog, maskUnknown: false };
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(...QUERIES), fc.constantFrom(0, 5, 20), fc.boolean(), async (seed, query, faults, no) => {
      const services = () =>
        dataSourcesOf(new Map([answering('a', A, seed, faults), answering('b', B, seed, faults)].map((client) => [client.name, client])));
      const prepared = store.prepare(query);
      const context = { requestId: 'r' };
      const ours = await runPlan(prepared, services(), { no }, context, policy);
      const apollos = await runPlan(
        { ...prepared, parts: prepared.parts.map((part) => ({ ...part, shapes: null })) },
        services(),
        { no },
        context,
        policy,
      );
      const text = (result: typeof ours) =>
        JSON.parse(JSON.stringify(result)) as { data: unknown; errors?: { message: string; path: unknown }[] };
      expect(text(ours).data).toEqual(text(apollos).data);
      const places = (result: typeof ours) => [...new Set((result.errors ?? []).map(({ path }) => path?.join('.')))].sort();
      expect(places(ours)).toEqual(places(apollos));
    }),
    { numRuns: 300, seed: 20261120 },
  );
});

it('has broken promises among its cases, and kept ones', async () => {
  const prepared = store.prepare(QUERIES[0]!);
  const policy = { log: silentLog, maskUnknown: false };
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, seed) => {
      const services = dataSourcesOf(
        new Map([answering('a', A, seed, 20), answering('b', B, seed, 20)].map((client) => [client.name, client])),
      );
      return runPlan(prepared, services, {}, { requestId: 'r' }, policy);
    }),
  );
  expect(results.some(({ errors }) => errors)).toBe(true);
  expect(results.some(({ errors }) => !errors)).toBe(true);
});
