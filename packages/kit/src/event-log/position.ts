/**
 * Positions look like `1763640000000-7` (memory) or `1763640000000-7.2` (redis: the third record of a stream entry);
 * or `1234` (kafka: the offset); each grows part by part within a partition.
 * @returns Below zero when `a` comes before `b`. Only for positions of one partition.
 */
export function comparePositions(a: string, b: string): number {
  const left = a.split(/[-.]/);
  const right = b.split(/[-.]/);
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = Number(left[index] ?? 0) - Number(right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
