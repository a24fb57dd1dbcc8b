import { LATENCY_BUCKETS, latencyBucket } from './latency-histogram.js';

const SECONDS = 60;
const RATE_SECONDS = 10;

interface Second {
  atS: number;
  readings: number;
  counts: number[];
}

export interface Measured {
  readingsPerSecond: number;
  /** Readings of the last minute by store latency. */
  latencyCounts: number[];
}

/** Rates and store latencies of the last minute, by organization, in memory. */
export class PipelineMeter {
  private readonly organizations = new Map<string, (Second | undefined)[]>();
  /** Heard of since the last `takeChanged`, or still moving. */
  private changed = new Set<string>();

  add(organizationId: string, readings: number, latencyMs: number, nowMs: number): void {
    const second = this.second(organizationId, nowMs);
    const bucket = latencyBucket(latencyMs);
    second.readings += readings;
    second.counts[bucket] = second.counts[bucket]! + readings;
  }

  touch(organizationId: string): void {
    this.changed.add(organizationId);
  }

  /** Organizations whose figures may have changed; until the last minute is empty they go on doing so. */
  takeChanged(nowMs: number): Map<string, Measured> {
    const changed = this.changed;
    this.changed = new Set();
    const measured = new Map<string, Measured>();
    for (const organizationId of changed) {
      const figures = this.measure(organizationId, nowMs);
      measured.set(organizationId, figures);
      if (figures.latencyCounts.some((count) => count > 0)) this.changed.add(organizationId);
      else this.organizations.delete(organizationId);
    }
    return measured;
  }

  private measure(organizationId: string, nowMs: number): Measured {
    const nowS = Math.floor(nowMs / 1000);
    const latencyCounts = new Array<number>(LATENCY_BUCKETS).fill(0);
    let recent = 0;
    for (const second of this.organizations.get(organizationId) ?? []) {
      if (!second || second.atS <= nowS - SECONDS) continue;
      second.counts.forEach((count, bucket) => (latencyCounts[bucket]! += count));
      // Whole seconds only: the present one is not over.
      if (second.atS < nowS && second.atS >= nowS - RATE_SECONDS) recent += second.readings;
    }
    return { readingsPerSecond: recent / RATE_SECONDS, latencyCounts };
  }

  private second(organizationId: string, nowMs: number): Second {
    let ring = this.organizations.get(organizationId);
    if (!ring) this.organizations.set(organizationId, (ring = new Array<Second | undefined>(SECONDS).fill(undefined)));
    const atS = Math.floor(nowMs / 1000);
    const present = ring[atS % SECONDS];
    if (present?.atS === atS) return present;
    this.changed.add(organizationId);
    return (ring[atS % SECONDS] = { atS, readings: 0, counts: new Array<number>(LATENCY_BUCKETS).fill(0) });
  }
}
