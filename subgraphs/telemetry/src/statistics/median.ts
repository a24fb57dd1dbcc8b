/**
 * Where the median must lie, from the extremes of groups alone: at least half of all values are at or above the weighted
 * median of the groups' minima, and at or below that of their maxima.
 */
export function medianWithin(groups: readonly { count: number; min: number; max: number }[]): { median: number; medianError: number } {
  const lowest = weightedMedian(
    groups.map(({ count, min }) => ({ count, value: min })),
    'lower',
  );
  const highest = weightedMedian(
    groups.map(({ count, max }) => ({ count, value: max })),
    'upper',
  );
  return { median: (lowest + highest) / 2, medianError: (highest - lowest) / 2 };
}

function weightedMedian(values: { count: number; value: number }[], side: 'lower' | 'upper'): number {
  values.sort((a, b) => a.value - b.value);
  const total = values.reduce((sum, { count }) => sum + count, 0);
  let seen = 0;
  for (const { count, value } of values) {
    seen += count;
    // With an even count the median lies between two values; each side takes the outer one.
    if (side === 'lower' ? seen * 2 >= total : seen * 2 > total) return value;
  }
  return values.at(-1)!.value;
}
