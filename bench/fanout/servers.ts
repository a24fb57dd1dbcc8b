import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, supergraphFromSdl } from '@pulsegraph/gateway';
import { createLog } from '@pulsegraph/kit/log';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { messageOf, Readings, readingsSubgraph, readingsSupergraph, type ReadingsEvent } from './readings.js';

export interface FanoutServer {
  url: string;
  subscribers(): number;
  publish(event: ReadingsEvent): void;
}

/** No keep-alive pings in any of them: at ten thousand sockets one round of pings would weigh as much as several events. */
const NEVER_MS = 2 ** 31 - 1;

export type ServerKind = 'raw' | 'graphql-ws' | 'ours' | 'ours-coalescing';

export function startServer(kind: ServerKind): Promise<FanoutServer> {
  if (kind === 'raw') return startRaw();
  if (kind === 'graphql-ws') return startGraphQLWs();
  return startOurs(kind === 'ours' ? 0 : undefined);
}

async function startRaw(): Promise<FanoutServer> {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  return {
    url: await listen(http),
    subscribers: () => sockets.clients.size,
    publish(event) {
      const message = Buffer.from(messageOf(event));
      for (const client of sockets.clients) client.send(message, { binary: false });
    },
  };
}

async function startGraphQLWs(): Promise<FanoutServer> {
  const readings = new Readings();
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  useServer({ schema: readingsSubgraph(readings).schema }, sockets, 0);
  return { url: await listen(http), subscribers: () => readings.open, publish: (event) => readings.publish(event) };
}

/** @param coalesceMs Undefined for the product's own default. */
async function startOurs(coalesceMs: number | undefined): Promise<FanoutServer> {
  const readings = new Readings();
  const gateway = createGateway({
    version: 'bench',
    log: createLog('gateway', 'warn'),
    supergraph: supergraphFromSdl(readingsSupergraph()),
    subgraphs: { telemetry: readingsSubgraph(readings) },
    identity: null,
    publicUrl: 'http://localhost',
    coalesceMs,
    pingMs: NEVER_MS,
  });
  const port = await gateway.start(0, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    // The stream itself has to be open too: it is opened a moment after the first client has subscribed.
    subscribers: () => (readings.open === 0 ? 0 : gateway.live.describe().reduce((sum, { clients }) => sum + clients, 0)),
    publish: (event) => readings.publish(event),
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}
