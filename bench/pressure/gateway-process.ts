// Our gateway, with a subgraph in its process that publishes at a steady pace.
import { createGateway, supergraphFromSdl } from '@pulsegraph/gateway';
import { createLog } from '@pulsegraph/kit/log';
import { Readings, readingsSubgraph, readingsSupergraph, type Reading } from '../fanout/readings.js';
import { serveWorker } from '../worker/worker.js';

export interface Pace {
  eventsPerSecond: number;
  readingsPerEvent: number;
  /** Of one event as JSON, about. */
  eventBytes: number;
}

/** Twenty devices after twenty others: a slow client can be spared what has been overtaken, but not everything. */
const DEVICES = 200;
/** A frozen client answers no ping. Here it has to stay, so that what it missed can be counted. */
const NEVER_MS = 2 ** 31 - 1;

const readings = new Readings();
const gateway = createGateway({
  version: 'bench',
  log: createLog('gateway', 'warn'),
  supergraph: supergraphFromSdl(readingsSupergraph()),
  subgraphs: { telemetry: readingsSubgraph(readings) },
  identity: null,
  publicUrl: 'http://localhost',
  pingMs: NEVER_MS,
});
let timer: NodeJS.Timeout | undefined;
let items = 0;

serveWorker({
  async start(): Promise<string> {
    return `http://127.0.0.1:${await gateway.start(0, '127.0.0.1')}/graphql`;
  },
  subscribers: () => (readings.open === 0 ? 0 : gateway.live.describe().reduce((sum, { clients }) => sum + clients, 0)),
  publish({ eventsPerSecond, readingsPerEvent, eventBytes }: Pace): void {
    items = 0;
    let events = 0;
    const pad = 'x'.repeat(Math.max(0, Math.round(eventBytes / readingsPerEvent) - 140));
    const startedAt = performance.now();
    timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) / 1_000) * eventsPerSecond);
      for (; events < due; events += 1) {
        const part = Array.from({ length: readingsPerEvent }, (): Reading => {
          items += 1;
          const recordedAt = '2026-11-20T12:00:00.000Z';
          return { deviceId: `device-${items % DEVICES}`, metric: 'temperature', value: items, unit: 'Cel', recordedAt, pad };
        });
        // The instant of publishing, by the clock that all processes of a machine share, ns.
        readings.publish({ cursor: String(process.hrtime.bigint()), readings: part });
      }
    }, 5);
  },
  /** @returns how many readings every client should have, or have been told of. */
  pause(): number {
    clearInterval(timer);
    return items;
  },
  async heapBytes(): Promise<number> {
    for (let pass = 0; pass < 3; pass += 1) {
      global.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return process.memoryUsage().heapUsed + process.memoryUsage().external;
  },
});
