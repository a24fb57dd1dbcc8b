import { buildSubgraphSchema } from '@apollo/subgraph';
import { composeServices } from '@apollo/composition';
import { silentLog } from '@pulsegraph/kit/log';
import { parse } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { createGateway, type GatewayOptions } from '../gateway.js';
import type { SupergraphListener } from '../supergraph/source.js';
import { Topic } from './topic.js';

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
  type Query { ping: Int }
  type Subscription {
    ticks(after: String): Tick! @delivery(policy: KEEP_ALL, bound: 10000) @resume(argument: "after", cursor: "cursor")
    loose: Loose!
  }
  type Tick { cursor: String! n: Int! thing: Thing note: String }
  type Loose { n: Int! thing: Thing }
  type Thing @key(fields: "id") { id: ID! name: String @shareable }
`;
const THINGS = `${LINK} type Query { thing(id: ID!): Thing } type Thing @key(fields: "id") { id: ID! name: String @shareable size: Int }`;
const MORE = `${LINK} type Query { pong: Int } type Thing @key(fields: "id") { id: ID! size: Int }`;

/** Supergraphs of the same running subgraphs. They can do more than the supergraph says, as in a deployment by steps. */
export const VARIANTS = {
  base: { live: LIVE.replace('name: String @shareable', ''), things: THINGS, more: MORE.replace('size: Int', '') },
  /** The first fetch is the same; what follows comes from elsewhere. */
  sizeMoved: {
    live: LIVE.replace('name: String @shareable', ''),
    things: THINGS,
    more: MORE.replace('size: Int', 'size: Int @override(from: "things")'),
  },
  /** The first fetch itself brings the name. */
  nameAtHand: { live: LIVE, things: THINGS, more: MORE.replace('size: Int', '') },
  noNote: {
    live: LIVE.replace('name: String @shareable', '').replace('note: String', ''),
    things: THINGS,
    more: MORE.replace('size: Int', ''),
  },
} satisfies Record<string, Record<string, string>>;
export type Variant = keyof typeof VARIANTS;

const composed = new Map<Variant, string>();

function compose(variant: Variant): string {
  const known = composed.get(variant);
  if (known) return known;
  const services = Object.entries(VARIANTS[variant]).map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new Error(errors?.map(({ message }) => message).join('\n'));
  composed.set(variant, supergraphSdl);
  return supergraphSdl;
}

/** A gateway whose supergraph the test changes. */
export async function startMovingGraph(over: Partial<GatewayOptions> = {}) {
  const ticks = new Topic<{ n: number }>();
  const loose = new Topic<{ n: number }>();
  const schemas = {
    live: buildSubgraphSchema([
      {
        typeDefs: parse(LIVE),
        resolvers: {
          Subscription: {
            ticks: {
              subscribe: (_: unknown, { after }: { after?: string | null }) => ticks.subscribe(after ?? null),
              resolve: (event: object) => event,
            },
            loose: { subscribe: () => loose.subscribe(), resolve: (event: object) => event },
          },
          Tick: { thing: ({ n }: { n: number }) => ({ id: String(n % 3) }), note: () => 'a note' },
          Loose: { thing: ({ n }: { n: number }) => ({ id: String(n % 3) }) },
          Thing: { name: ({ id }: { id: string }) => `at hand ${id}` },
        },
      },
    ]),
    things: buildSubgraphSchema([
      {
        typeDefs: parse(THINGS),
        resolvers: { Thing: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `thing ${id}`, size: 1 }) } },
      },
    ]),
    more: buildSubgraphSchema([
      { typeDefs: parse(MORE), resolvers: { Thing: { __resolveReference: ({ id }: { id: string }) => ({ id, size: 2 }) } } },
    ]),
  };
  let listener: SupergraphListener | undefined;
  const gateway = createGateway({
    version: 'test',
    log: silentLog,
    supergraph: {
      start: (given) => {
        listener = given;
        given.onSupergraph(compose('base'));
        return Promise.resolve();
      },
      stop: () => undefined,
    },
    subgraphs: Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [
        name,
        {
          name,
          schema,
          createContext: ({ requestId }) => ({ viewer: null, requestId }),
          checks: [],
          start: () => Promise.resolve(),
          stop: () => Promise.resolve(),
        },
      ]),
    ),
    identity: null,
    publicUrl: 'http://localhost',
    ...over,
  });
  const port = await gateway.start(0, '127.0.0.1');
  const clients: Client[] = [];
  let generations = 0;
  return {
    gateway,
    ticks,
    loose,
    url: `http://127.0.0.1:${port}`,
    /** Takes the gateway to another supergraph; each call is a new one, even for the same variant. */
    async change(variant: Variant): Promise<void> {
      listener!.onSupergraph(`${compose(variant)}\n# ${(generations += 1)}\n`);
      await gateway.live.settled();
    },
    fail(text: string): void {
      try {
        listener!.onSupergraph(text);
      } catch (error) {
        listener!.onFailure(error);
      }
    },
    client(): Client {
      const client = createClient({
        url: `ws://127.0.0.1:${port}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        onNonLazyError: () => undefined,
      });
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) await client.dispose();
      await gateway.stop(200);
    },
  };
}
