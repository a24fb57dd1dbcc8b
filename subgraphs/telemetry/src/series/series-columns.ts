/** The points of a series by column. `at` is milliseconds since 1970. */
export interface Columns {
  at: number[];
  avg: number[];
  min: number[];
  max: number[];
  last: number[];
  count: number[];
}

export interface Span {
  fromMs: number;
  toMs: number;
}

/** What was read: buckets know their first and last reading, so that holes across them are seen exactly. */
export interface ReadColumns extends Columns {
  raw: boolean;
  firstAt: number[];
  lastAt: number[];
  /** There are readings before the span. */
  hadBefore: boolean;
}

/** Every column of raw readings is the readings. */
export function rawColumns(at: number[], values: number[], hadBefore: boolean): ReadColumns {
  const count = new Array<number>(at.length).fill(1);
  return { raw: true, at, avg: values, min: values, max: values, last: values, count, firstAt: at, lastAt: at, hadBefore };
}

/**
 * Where nothing was recorded for longer than `afterMs`: from the last reading before to the first one after. Within one
 * bucket there is nothing to see; ask for more points.
 * @param expectedToMs Until when data was to be expected, at most the end of the span.
 */
export function gapsIn({ firstAt, lastAt, hadBefore }: ReadColumns, span: Span, afterMs: number, expectedToMs: number): Span[] {
  const gaps: Span[] = [];
  const expect = (fromMs: number, toMs: number) => {
    if (toMs - fromMs > afterMs) gaps.push({ fromMs, toMs });
  };
  if (firstAt.length === 0) {
    if (hadBefore) expect(span.fromMs, expectedToMs);
    return gaps;
  }
  if (hadBefore) expect(span.fromMs, firstAt[0]!);
  for (let index = 1; index < firstAt.length; index++) expect(lastAt[index - 1]!, firstAt[index]!);
  expect(lastAt.at(-1)!, expectedToMs);
  return gaps;
}

/** Columns of several sources in one: readings in order, or buckets of one width added up. */
export function mergeColumns(parts: readonly ReadColumns[]): ReadColumns {
  if (parts.length === 1) return parts[0]!;
  const hadBefore = parts.some((part) => part.hadBefore);
  const rows = parts.flatMap((part) => part.at.map((at, index) => ({ at, part, index }))).sort((a, b) => a.at - b.at);
  if (parts.every(({ raw }) => raw)) {
    return rawColumns(
      rows.map(({ at }) => at),
      rows.map(({ part, index }) => part.avg[index]!),
      hadBefore,
    );
  }
  const merged: ReadColumns = { raw: false, at: [], avg: [], min: [], max: [], last: [], count: [], firstAt: [], lastAt: [], hadBefore };
  for (const { at, part, index } of rows) {
    const here = merged.at.length - 1;
    if (merged.at[here] !== at) {
      merged.at.push(at);
      for (const column of ['avg', 'min', 'max', 'last', 'count', 'firstAt', 'lastAt'] as const) merged[column].push(part[column][index]!);
      continue;
    }
    const count = merged.count[here]! + part.count[index]!;
    merged.avg[here] = (merged.avg[here]! * merged.count[here]! + part.avg[index]! * part.count[index]!) / count;
    merged.count[here] = count;
    merged.min[here] = Math.min(merged.min[here]!, part.min[index]!);
    merged.max[here] = Math.max(merged.max[here]!, part.max[index]!);
    if (part.lastAt[index]! > merged.lastAt[here]!) {
      merged.lastAt[here] = part.lastAt[index]!;
      merged.last[here] = part.last[index]!;
    }
    merged.firstAt[here] = Math.min(merged.firstAt[here]!, part.firstAt[index]!);
  }
  return merged;
}
