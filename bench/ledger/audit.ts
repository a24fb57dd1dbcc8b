import type { SignedInClient } from '../../e2e/client/graphql-client.js';
import type { LedgerPublisher } from './publisher.js';

export interface Audit {
  acknowledged: number;
  stored: number;
  /** Acknowledged and not stored. */
  missing: number;
  /** Stored beyond once, as raw readings or in the rollups. */
  repeated: number;
}

/** More than one page of readings would be merged into buckets. */
const PAGE = 4_000;
const SERIES = `query ($id: ID!, $from: DateTime!, $to: DateTime!) {
  device(id: $id) { series(metric: "temperature", from: $from, to: $to, maxPoints: 5000) { columns { last count } } }
}`;

/** Compares what was acknowledged with what the graph answers, device by device. */
export async function audit(admin: SignedInClient, publishers: readonly LedgerPublisher[]): Promise<Audit> {
  const total: Audit = { acknowledged: 0, stored: 0, missing: 0, repeated: 0 };
  for (const { device, startMs, acknowledged } of publishers) {
    const seen = new Map<number, number>();
    // One more than was acknowledged may be stored: the acknowledgement was on its way.
    for (let first = 0; first <= acknowledged + 1; first += PAGE) {
      const { device: found } = await admin.request<{ device: { series: { columns: { last: number[]; count: number[] } } | null } }>(
        SERIES,
        {
          id: device.id,
          from: new Date(startMs + first),
          to: new Date(startMs + first + PAGE),
        },
      );
      const { last = [], count = [] } = found.series?.columns ?? {};
      for (const [index, value] of last.entries()) {
        const number = Math.round(value * 1_000);
        seen.set(number, (seen.get(number) ?? 0) + count[index]!);
      }
    }
    for (let number = 1; number <= acknowledged; number++) if (!seen.has(number)) total.missing++;
    for (const times of seen.values()) total.repeated += times - 1;
    total.acknowledged += acknowledged;
    total.stored += seen.size;
  }
  return total;
}
