// What a refused part says of itself.

/** JSON of a part, whatever it is: V8 overflows its stack on a hostile nesting, and a decoder never throws. */
export function jsonOf(part: unknown): string {
  try {
    return JSON.stringify(part) ?? 'null';
  } catch {
    return '"(nested too deeply to show)"';
  }
}

/** One reading in the smallest form of our dialect that says everything, its instant included. */
export function readingPayload(metric: string, value: unknown, recordedAtUs: number, unit: string | null): string {
  const part =
    unit === null
      ? { ts: recordedAtUs / 1000, values: { [metric]: value } }
      : { metric, unit, t0: recordedAtUs / 1000, dt: [0], v: [value] };
  return jsonOf(part);
}

/** For details: a hostile name must not fill the inbox. */
export function short(text: string, maxLength = 80): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}

export function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isNaN(value) ? 'no number' : 'an infinite number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
