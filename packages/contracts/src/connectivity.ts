export const CONNECTIVITIES = ['ONLINE', 'OFFLINE', 'NEVER_SEEN'] as const;
export type Connectivity = (typeof CONNECTIVITIES)[number];

export interface ConnectivityFacts {
  /** Null: never heard of. Milliseconds since 1970, by the platform's clock. */
  lastSeenAtMs: number | null;
  /** What its will or status said last, and when; null when it never said anything. */
  status: { online: boolean; atMs: number } | null;
  offlineAfterMs: number;
  /** Of the profile's metrics; null when it has none. */
  shortestExpectedIntervalMs: number | null;
}

/** Silence longer than this means offline: max(offlineAfter, 3 × the shortest expected interval). */
export function silenceLimitMs(facts: Pick<ConnectivityFacts, 'offlineAfterMs' | 'shortestExpectedIntervalMs'>): number {
  return Math.max(facts.offlineAfterMs, 3 * (facts.shortestExpectedIntervalMs ?? 0));
}

/**
 * The one answer to "is it online?". OFFLINE when its will or status says so and nothing was heard since, or when it is
 * silent for longer than `silenceLimitMs`. Computed and published by the devices subgraph alone.
 */
export function connectivityAt(facts: ConnectivityFacts, nowMs: number): Connectivity {
  const { lastSeenAtMs, status } = facts;
  const heardAtMs = Math.max(lastSeenAtMs ?? -Infinity, status?.online ? status.atMs : -Infinity);
  if (status && !status.online && status.atMs >= heardAtMs) return 'OFFLINE';
  if (heardAtMs === -Infinity) return 'NEVER_SEEN';
  return nowMs - heardAtMs > silenceLimitMs(facts) ? 'OFFLINE' : 'ONLINE';
}

/** When an online device becomes offline if nothing more is heard; null when it is not online now. */
export function offlineDeadlineMs(facts: ConnectivityFacts, nowMs: number): number | null {
  if (connectivityAt(facts, nowMs) !== 'ONLINE') return null;
  const heardAtMs = Math.max(facts.lastSeenAtMs ?? -Infinity, facts.status?.online ? facts.status.atMs : -Infinity);
  return heardAtMs + silenceLimitMs(facts);
}
