import type { Caller } from '../operation/engine.js';
import type { PreparedOperation } from '../operation/prepared-operation.js';

export interface UsageTally {
  prepared: PreparedOperation;
  client: string;
  clientVersion: string;
  count: number;
  errors: number;
  durationMs: number;
}

const UNKNOWN = 'unknown';

/** Counts executions. On the hot path: two look-ups, and no text is touched. */
export class UsageTallies {
  private byOperation = new Map<PreparedOperation, Map<string, UsageTally>>();
  private size = 0;
  private lost = 0;

  /**
   * @param sample The share of executions that is looked at; the rest is estimated from it.
   * @param max Beyond so many combinations of operation and client, further ones are counted as dropped.
   */
  constructor(
    private readonly sample: number,
    private readonly max: number,
  ) {}

  add(prepared: PreparedOperation, { clientName = UNKNOWN, clientVersion = UNKNOWN }: Caller, durationMs: number, failed: boolean): void {
    if (prepared.introspects || (this.sample < 1 && Math.random() >= this.sample)) return;
    let clients = this.byOperation.get(prepared);
    if (!clients) this.byOperation.set(prepared, (clients = new Map()));
    const key = `${clientName}\n${clientVersion}`;
    let tally = clients.get(key);
    if (!tally) {
      if (this.size >= this.max) {
        this.lost += 1;
        return;
      }
      this.size += 1;
      tally = { prepared, client: clientName, clientVersion, count: 0, errors: 0, durationMs: 0 };
      clients.set(key, tally);
    }
    const weight = 1 / this.sample;
    tally.count += weight;
    tally.durationMs += durationMs * weight;
    if (failed) tally.errors += weight;
  }

  /** What was counted since the last time. */
  take(): { tallies: UsageTally[]; dropped: number } {
    const tallies = [...this.byOperation.values()].flatMap((clients) => [...clients.values()]);
    const dropped = this.lost;
    this.byOperation = new Map();
    this.size = 0;
    this.lost = 0;
    return { tallies, dropped };
  }
}
