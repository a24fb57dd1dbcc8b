import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { Stream } from '@pulsegraph/conformance';
import { parse, type GraphQLSchema } from 'graphql';

const LINK = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@override", "@composeDirective"])
    @link(url: "https://pulsegraph.dev/live/v1.0", import: ["@delivery", "@resume"])
    @composeDirective(name: "@delivery") @composeDirective(name: "@resume")
  directive @delivery(policy: DeliveryPolicy!, key: String, bound: Int) on FIELD_DEFINITION
  enum DeliveryPolicy { KEEP_ALL LATEST_BY_KEY }
  directive @resume(argument: String!, cursor: String!) on FIELD_DEFINITION
`;
const LIVE = `${LINK}
  type Query { live: Boolean }
  type Subscription {
    ticks(line: String!, after: String): Tick! @delivery(policy: KEEP_ALL, bound: 10000) @resume(argument: "after", cursor: "cursor")
  }
  type Tick { cursor: String! seq: Int! note: String thing: Thing! }
  type Thing @key(fields: "id") { id: ID! name: String! @shareable }
`;
const THINGS = `${LINK}
  type Query { things: Boolean }
  type Thing @key(fields: "id") { id: ID! name: String! @shareable size: Int! }
`;
const MORE = `${LINK}
  type Query { more: Boolean }
  type Thing @key(fields: "id") { id: ID! size: Int! }
`;
const live = LIVE.replace('name: String! @shareable', '');
const more = MORE.replace('size: Int!', '');

/** Supergraphs of the same running subgraphs, which can do more than any of them says. */
export const VARIANTS = {
  base: { live, things: THINGS, more },
  /** The first fetch stays; what follows comes from elsewhere. */
  sizeMoved: { live, things: THINGS, more: MORE.replace('size: Int!', 'size: Int! @override(from: "things")') },
  /** The first fetch itself brings the name: the stream is opened anew, from the cursor. */
  nameAtHand: { live: LIVE, things: THINGS, more },
  /** A field that nobody asks for is gone. */
  noteGone: { live: live.replace('note: String', ''), things: THINGS, more },
} satisfies Record<string, Record<SubgraphName, string>>;
export type Variant = keyof typeof VARIANTS;
export type SubgraphName = 'live' | 'things' | 'more';

/** What every client of the ledgers asks for: all of it, from two subgraphs. */
export const QUERY =
  'subscription Ledger($line: String!, $after: String) { ticks(line: $line, after: $after) { cursor seq thing { id name size } } }';

export function composeVariant(variant: Variant, urls: Readonly<Record<SubgraphName, string>>): string {
  const services = Object.entries(VARIANTS[variant]).map(([name, sdl]) => ({
    name,
    url: urls[name as SubgraphName],
    typeDefs: parse(sdl),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new Error(errors?.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}

/** @param onFetch Called for each entity that is asked for. */
export function subgraphSchemas(streamOf: (line: string) => Stream, onFetch: () => void): Record<SubgraphName, GraphQLSchema> {
  const schema = (sdl: string, resolvers: object) => buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);
  const thing = (size: number) => ({
    __resolveReference: ({ id }: { id: string }) => {
      onFetch();
      return { id, name: `Thing ${id}`, size };
    },
  });
  return {
    live: schema(LIVE, {
      Subscription: {
        ticks: {
          subscribe: (_: unknown, { line, after }: { line: string; after?: string | null }) => streamOf(line).subscribe(after ?? null),
          resolve: (event: object) => event,
        },
      },
      Tick: { thing: ({ seq }: { seq: number }) => ({ id: String(seq % 3) }) },
      Thing: { name: ({ id }: { id: string }) => `Thing ${id}` },
    }),
    things: schema(THINGS, { Thing: thing(1) }),
    more: schema(MORE, { Thing: thing(2) }),
  };
}
