/** Buckets grow by a fourth root of two from 1 ms: quantiles are right to 19 %, up to 65 s. */
const PER_DOUBLING = 4;
export const LATENCY_BUCKETS = 16 * PER_DOUBLING + 1;

export function latencyBucket(latencyMs: number): number {
  if (latencyMs <= 1) return 0;
  return Math.min(LATENCY_BUCKETS - 1, Math.ceil(Math.log2(latencyMs) * PER_DOUBLING));
}

/** @returns Milliseconds, 0 when nothing was counted. */
export function latencyQuantileMs(counts: readonly number[], quantile: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  let seen = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket]!;
    seen += count;
    // Between the bounds of the bucket, by how far into it the quantile lies.
    if (count > 0 && seen >= quantile * total) {
      const upper = 2 ** (bucket / PER_DOUBLING);
      const lower = bucket === 0 ? 0 : 2 ** ((bucket - 1) / PER_DOUBLING);
      return lower + ((upper - lower) * (quantile * total - (seen - count))) / count;
    }
  }
  return 0;
}
