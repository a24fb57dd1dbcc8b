/** A value is stale after this many expected intervals without a newer one. */
const INTERVALS = 2;
/** Network and batching alone may take this long; below it, nothing is called stale. */
const GRACE_MS = 2_000;

/** Whether a value should still be trusted to be the present one. Everything in milliseconds; instants since 1970. */
export function isStale(recordedAtMs: number | null, expectedIntervalMs: number | null, nowMs: number): boolean {
  if (recordedAtMs === null) return true;
  const limitMs = Math.max(GRACE_MS, INTERVALS * (expectedIntervalMs ?? 0));
  return nowMs - recordedAtMs > limitMs;
}
