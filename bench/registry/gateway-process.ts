import { buildSubgraphSchema } from '@apollo/subgraph';
import { createGateway, supergraphFromRegistry, type RegistrySource } from '@pulsegraph/gateway';
import { silentLog } from '@pulsegraph/kit/log';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import { parse } from 'graphql';
import { PubSub } from 'graphql-subscriptions';
import { serveWorker } from '../worker/worker.js';
import { typeName } from './large-graph.js';

const pubSub = new PubSub();
let source: RegistrySource | undefined;
let ticking: NodeJS.Timeout | undefined;
let published = 0;

function liveSubgraph(sdl: string): Subgraph {
  const schema = buildSubgraphSchema([
    {
      typeDefs: parse(sdl),
      resolvers: {
        Subscription: { ticks: { subscribe: () => pubSub.asyncIterableIterator('ticks'), resolve: (event: unknown) => event } },
        Tick: { asset: () => ({ __typename: typeName('assets', 0), id: '1' }) },
      },
    },
  ]);
  return {
    name: 'live',
    schema,
    createContext: ({ requestId }) => ({ viewer: null, requestId }),
    checks: [],
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

serveWorker({
  async start(options: { registryUrl: string; token: string; publicKey: string; liveSdl: string }): Promise<string> {
    source = supergraphFromRegistry({
      url: `${options.registryUrl}/v1/supergraph/main`,
      token: options.token,
      publicKey: options.publicKey,
    });
    const gateway = createGateway({
      version: 'bench',
      log: silentLog,
      supergraph: source,
      subgraphs: { live: liveSubgraph(options.liveSdl) },
      identity: null,
      publicUrl: 'http://localhost',
      usage: {
        registryUrl: options.registryUrl,
        internalToken: options.token,
        intervalMs: 1_000,
        sample: 1,
        servedVersion: () => source?.servedVersion ?? null,
      },
    });
    return `ws://127.0.0.1:${await gateway.start(0, '127.0.0.1')}/graphql`;
  },
  /** @returns when it is served; the answer of the gateway itself, not of a poll. */
  async served(version: number): Promise<void> {
    while ((source?.servedVersion ?? 0) < version) await new Promise((resolve) => setTimeout(resolve, 2));
  },
  tick(everyMs: number): void {
    ticking = setInterval(() => void pubSub.publish('ticks', { n: (published += 1) }), everyMs);
  },
  pause(): number {
    clearInterval(ticking);
    return published;
  },
});
