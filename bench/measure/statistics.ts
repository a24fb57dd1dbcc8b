/** @param share 0.5 for the median. Nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);
export const rounded = (value: number, decimals = 2) => Math.round(value * 10 ** decimals) / 10 ** decimals;
