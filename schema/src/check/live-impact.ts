import type { LiveImpact, PlannedGraph } from '@pulsegraph/gateway';
import type { KnownOperation } from './known-operation.js';

export interface LiveCounts {
  ends: number;
  replans: number;
  unchanged: number;
}

/** What publishing would do to the subscriptions that are open right now. */
export interface LiveImpactReport extends LiveCounts {
  byClient: (LiveCounts & { client: string; clientVersion: string })[];
  /** Those that would end, most clients first. */
  ending: { operation: string; client: string; clientVersion: string; count: number; because: string }[];
}

export function liveImpact(before: PlannedGraph, after: PlannedGraph, operations: readonly KnownOperation[]): LiveImpactReport {
  const total: LiveCounts = { ends: 0, replans: 0, unchanged: 0 };
  const byClient = new Map<string, LiveCounts & { client: string; clientVersion: string }>();
  const ending: LiveImpactReport['ending'] = [];
  for (const { name, document, uses } of operations) {
    const open = uses.filter(({ source }) => source === 'open');
    if (open.length === 0) continue;
    const impact: LiveImpact = before.liveImpact(after, document, name);
    for (const { client, clientVersion, count } of open) {
      const key = `${client}\n${clientVersion}`;
      const counts = byClient.get(key) ?? { client, clientVersion, ends: 0, replans: 0, unchanged: 0 };
      byClient.set(key, counts);
      total[impact] += count;
      counts[impact] += count;
      if (impact === 'ends') {
        const because = after.refusal(document, name)?.join('; ') ?? 'its result becomes personal, or ceases to be';
        ending.push({ operation: name, client, clientVersion, count, because });
      }
    }
  }
  ending.sort((a, b) => b.count - a.count);
  return {
    ...total,
    byClient: [...byClient.values()].sort((a, b) => b.ends - a.ends || b.replans - a.replans || (a.client < b.client ? -1 : 1)),
    ending,
  };
}
