import type { StoredBatch } from '@pulsegraph/contracts';

/** A place in commit order: by writer group the last batch seen. Never changed once it is out of hand. */
export type BatchPlace = ReadonlyMap<number, number>;

export function placeOf(record: Readonly<Record<string, number>>): BatchPlace {
  return new Map(Object.entries(record).map(([group, seq]) => [Number(group), seq]));
}

export function advanced(place: BatchPlace, { group, seq }: Pick<StoredBatch, 'group' | 'seq'>): BatchPlace {
  return new Map(place).set(group, seq);
}

/** True when `place` has everything that `other` has. */
export function reaches(place: BatchPlace, other: BatchPlace): boolean {
  for (const [group, seq] of other) if ((place.get(group) ?? 0) < seq) return false;
  return true;
}

/** Of both, the further. */
export function furthest(place: BatchPlace, other: BatchPlace): BatchPlace {
  const result = new Map(place);
  for (const [group, seq] of other) result.set(group, Math.max(seq, result.get(group) ?? 0));
  return result;
}
