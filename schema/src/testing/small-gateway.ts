import { createGateway, supergraphFromRegistry, type GatewayOptions } from '@pulsegraph/gateway';
import { silentLog } from '@pulsegraph/kit/log';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { Broadcast, smallSubgraphs, type Arrival } from './small-subgraphs.js';
import { INTERNAL_TOKEN, type TestRegistry } from './test-registry.js';

interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions: { code: string } }[];
}

/** A gateway that follows a registry and reports to it. Strangers only. */
export async function startSmallGateway(
  registry: Pick<TestRegistry, 'url' | 'publicKey'>,
  {
    variant = 'main',
    cacheFile,
    trustedOnly = false,
    ...over
  }: { variant?: string; cacheFile?: string; trustedOnly?: boolean } & Partial<GatewayOptions> = {},
) {
  const arrivals = new Broadcast<Arrival>();
  const source = supergraphFromRegistry({
    url: `${registry.url}/v1/supergraph/${variant}`,
    token: INTERNAL_TOKEN,
    publicKey: registry.publicKey,
    cacheFile,
    retryMs: 20,
  });
  const gateway = createGateway({
    version: 'test',
    log: silentLog,
    supergraph: source,
    subgraphs: smallSubgraphs(arrivals),
    identity: null,
    publicUrl: 'http://localhost',
    usage: {
      registryUrl: registry.url,
      internalToken: INTERNAL_TOKEN,
      intervalMs: 50,
      sample: 1,
      servedVersion: () => source.servedVersion,
    },
    ...(trustedOnly && { documents: { only: 'published', from: source, escapeRoles: [] } }),
    ...over,
  });
  const port = await gateway.start(0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const disposals: (() => void | Promise<void>)[] = [];
  return {
    gateway,
    source,
    arrivals,
    url,
    async ask(query: string, { client = 'dashboard', variables }: { client?: string; variables?: object } = {}): Promise<Answer> {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-client-name': client, 'x-client-version': '1.0' },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer;
    },
    /** One socket with so many equal subscriptions. */
    subscribe(query: string, { client = 'dashboard', count = 1 }: { client?: string; count?: number } = {}) {
      const socket = createClient({
        url: `ws://127.0.0.1:${port}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { clientName: client, clientVersion: '1.0' },
        onNonLazyError: () => undefined,
      });
      disposals.push(() => socket.dispose());
      const received: Answer[][] = [];
      const endings: unknown[] = [];
      for (let index = 0; index < count; index += 1) {
        const mine: Answer[] = [];
        received.push(mine);
        socket.subscribe(
          { query },
          {
            next: (answer) => void mine.push(answer as Answer),
            error: (error) => void endings.push(error),
            complete: () => void endings.push('completed'),
          },
        );
      }
      return { received, endings };
    },
    async stop() {
      for (const dispose of disposals) await dispose();
      await gateway.stop(200);
    },
  };
}
export type SmallGateway = Awaited<ReturnType<typeof startSmallGateway>>;
