import { connectivityAt, silenceLimitMs, type Connectivity, type ConnectivityFacts, type LogRecord } from '@pulsegraph/contracts';

export type SilenceLimits = Pick<ConnectivityFacts, 'offlineAfterMs' | 'shortestExpectedIntervalMs'>;

/** What is known of one device's presence, in memory. */
export class Presence {
  lastSeenAtMs: number | null = null;
  status: ConnectivityFacts['status'] = null;
  /** As it stands in the database, as far as this instance knows. */
  connectivity: Connectivity = 'NEVER_SEEN';

  /** @param graceFromMs Silence before this is not held against the device: nobody was listening. */
  constructor(
    readonly deviceId: string,
    public limits: SilenceLimits,
    public graceFromMs: number,
  ) {}

  /** Takes in what the device sent. Hot: called for every record of the log. */
  hear(record: LogRecord): void {
    const atMs = record.receivedAtUs / 1_000;
    if (record.type === 'device-event' && record.event === 'status') {
      if (!this.status || atMs >= this.status.atMs) this.status = { online: record.online, atMs };
      // A will is the broker's word, not the device's.
      if (!record.online) return;
    }
    if (this.lastSeenAtMs === null || atMs > this.lastSeenAtMs) this.lastSeenAtMs = atMs;
  }

  /**
   * What the last message makes of it, by the rule in contracts. Silence is not judged here: a message that waited in the
   * log says nothing about what the device did since.
   */
  heardConnectivity(nowMs: number): Connectivity {
    const { lastSeenAtMs, status, limits } = this;
    const facts = { lastSeenAtMs, status, ...limits };
    const now = connectivityAt(facts, nowMs);
    if (now === 'ONLINE' || this.connectivity === 'NEVER_SEEN') return now;
    const atTheTime = Math.max(lastSeenAtMs ?? -Infinity, status?.atMs ?? -Infinity);
    return connectivityAt(facts, atTheTime) === 'OFFLINE' ? 'OFFLINE' : this.connectivity;
  }

  get silenceLimitMs(): number {
    return silenceLimitMs(this.limits);
  }

  /** When silence takes it offline; Infinity when it is not online. */
  get deadlineMs(): number {
    if (this.connectivity !== 'ONLINE') return Infinity;
    return Math.max(this.lastSeenAtMs ?? -Infinity, this.graceFromMs) + this.silenceLimitMs;
  }
}
