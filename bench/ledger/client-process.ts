// Many clients, each with a ledger of what it got.
import { serveWorker } from '../worker/worker.js';
import { LedgerClient } from './ledger-client.js';
import type { Balance } from './sequence-ledger.js';

export interface Progress {
  /** With an open connection and a subscription on it. */
  connected: number;
  /** That got something since the time that was asked about. */
  heard: number;
  clients: number;
}

const OPENED_AT_ONCE = 100;
const SAMPLES = 5;
let clients: LedgerClient[] = [];

serveWorker({
  async open({ url, lines, count }: { url: string; lines: string[]; count: number }): Promise<void> {
    clients = Array.from({ length: count }, (_, index) => new LedgerClient(new URL(url), lines[index % lines.length]!));
    for (let at = 0; at < count; at += OPENED_AT_ONCE)
      await Promise.all(clients.slice(at, at + OPENED_AT_ONCE).map((client) => client.open()));
  },
  /** By the clock of this process. */
  now: () => performance.now(),
  progress: (sinceMs: number): Progress => ({
    connected: clients.filter(({ connected }) => connected).length,
    heard: clients.filter(({ connected, heardAtMs }) => connected && heardAtMs > sinceMs).length,
    clients: clients.length,
  }),
  /** How many have not got the newest of their line yet. */
  behind: (newest: Record<string, number>): number => clients.filter(({ line, ledger }) => ledger.newest !== newest[line]).length,
  balance: (): Balance => {
    const sum = (of: (client: LedgerClient) => number) => clients.reduce((total, client) => total + of(client), 0);
    return {
      clients: clients.length,
      received: sum(({ ledger }) => ledger.received),
      lost: sum(({ ledger }) => ledger.lost),
      repeated: sum(({ ledger }) => ledger.repeated),
      disconnects: sum(({ disconnects }) => disconnects),
      attemptsFailed: sum(({ attemptsFailed }) => attemptsFailed),
      faults: sum(({ faults }) => faults.length),
      samples: clients.flatMap(({ faults }) => faults).slice(0, SAMPLES),
    };
  },
  leave(): void {
    for (const client of clients) client.leave();
  },
});
