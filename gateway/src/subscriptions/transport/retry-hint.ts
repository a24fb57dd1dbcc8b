const SHORTEST_MS = 250;
const LONGEST_MS = 20_000;
/** So many come back in a second. */
const RETURNING_PER_SECOND = 1_000;

/** When one of so many clients should come back: spread, so that they do not all come at once. */
export function retryHintMs(connections: number, random: () => number = Math.random): number {
  const spreadMs = Math.min(Math.max((connections / RETURNING_PER_SECOND) * 1_000, SHORTEST_MS), LONGEST_MS);
  return Math.round(SHORTEST_MS + random() * spreadMs);
}

/** The reason of a close frame after which clients come back. */
export function retryReason(connections: number): string {
  return JSON.stringify({ retryAfterMs: retryHintMs(connections) });
}
