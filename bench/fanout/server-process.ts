import { setImmediate } from 'node:timers/promises';
import { serveWorker } from '../worker/worker.js';
import { anEvent } from './readings.js';
import { startServer, type FanoutServer, type ServerKind } from './servers.js';

let server: FanoutServer;
let published = 0;

serveWorker({
  async start(kind: ServerKind): Promise<string> {
    server = await startServer(kind);
    return server.url;
  },
  subscribers: () => server.subscribers(),
  /** One after the other, without a pause. */
  async publish(events: number): Promise<void> {
    for (let event = 0; event < events; event += 1) {
      if (event > 0) await setImmediate();
      server.publish(anEvent((published += 1)));
    }
  },
  collectGarbage: async () => {
    for (let pass = 0; pass < 3; pass += 1) {
      global.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  },
});
