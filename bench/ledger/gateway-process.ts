// Our gateway before subgraphs elsewhere, with a supergraph that the bench changes.
import { createGateway, type Gateway } from '@pulsegraph/gateway';
import { createLog } from '@pulsegraph/kit/log';
import { serveWorker } from '../worker/worker.js';

let gateway: Gateway;
let onSupergraph: (sdl: string) => void;

serveWorker({
  /** @param port 0 for a free one. @returns the port in use. */
  async start({ supergraph, port }: { supergraph: string; port: number }): Promise<number> {
    gateway = createGateway({
      version: 'bench',
      log: createLog('gateway', 'error'),
      supergraph: {
        start: (listener) => {
          onSupergraph = (sdl) => listener.onSupergraph(sdl);
          onSupergraph(supergraph);
          return Promise.resolve();
        },
        stop: () => undefined,
      },
      subgraphs: {},
      identity: null,
      publicUrl: 'http://localhost',
    });
    return gateway.start(port, '127.0.0.1');
  },
  /** @returns when every open operation has gone over, ms. */
  async change(supergraph: string): Promise<number> {
    const startedAt = performance.now();
    onSupergraph(supergraph);
    await gateway.live.settled();
    return performance.now() - startedAt;
  },
  /** Groups of clients that share, and clients, as the gateway sees them. */
  sharing: () => ({ ...gateway.live.counts, clients: gateway.live.describe().reduce((sum, { clients }) => sum + clients, 0) }),
  async heapBytes(): Promise<number> {
    for (let pass = 0; pass < 4; pass += 1) {
      global.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return process.memoryUsage().heapUsed;
  },
  shutDown: () => gateway.stop(),
});
