export const LIVE_RANGES = ['15m', '1h', '6h', '24h', '7d'] as const;
export type LiveRange = (typeof LIVE_RANGES)[number];

const MINUTE_MS = 60_000;
const SPANS_MS: Readonly<Record<LiveRange, number>> = {
  '15m': 15 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '6h': 6 * 60 * MINUTE_MS,
  '24h': 24 * 60 * MINUTE_MS,
  '7d': 7 * 24 * 60 * MINUTE_MS,
};
export const RANGE_NAMES: Readonly<Record<LiveRange, string>> = {
  '15m': '15 minutes',
  '1h': '1 hour',
  '6h': '6 hours',
  '24h': '24 hours',
  '7d': '7 days',
};

/** What a chart shows: the last so-and-so much up to now, moving, or a fixed stretch. Milliseconds since 1970. */
export type TimeRange = { kind: 'live'; range: LiveRange; spanMs: number } | { kind: 'fixed'; fromMs: number; toMs: number };

export const DEFAULT_RANGE: LiveRange = '15m';
const SHORTEST_MS = 10_000;

/** From the address: `?range=1h`, or `?from=…&to=…`. Anything else is the default. */
export function parseRange(query: { range?: string | undefined; from?: string | undefined; to?: string | undefined }): TimeRange {
  const fromMs = Date.parse(query.from ?? '');
  const toMs = Date.parse(query.to ?? '');
  if (toMs - fromMs >= SHORTEST_MS) return { kind: 'fixed', fromMs, toMs };
  const range = LIVE_RANGES.find((known) => known === query.range) ?? DEFAULT_RANGE;
  return { kind: 'live', range, spanMs: SPANS_MS[range] };
}

/** Back into the address; the default needs none. */
export function rangeQuery(range: TimeRange): Record<'range' | 'from' | 'to', string | null> {
  if (range.kind === 'live') return { range: range.range === DEFAULT_RANGE ? null : range.range, from: null, to: null };
  return { range: null, from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() };
}

export function boundsOf(range: TimeRange, nowMs: number): { fromMs: number; toMs: number } {
  return range.kind === 'live' ? { fromMs: nowMs - range.spanMs, toMs: nowMs } : range;
}

/** Earlier or later by `share` of what is shown; never beyond now, where it becomes the fixed stretch that ends now. */
export function shifted(range: TimeRange, share: number, nowMs: number): TimeRange {
  const { fromMs, toMs } = boundsOf(range, nowMs);
  const byMs = Math.min((toMs - fromMs) * share, nowMs - toMs);
  return { kind: 'fixed', fromMs: fromMs + byMs, toMs: toMs + byMs };
}

/** Around the middle: factor 0.5 shows half as much, 2 twice as much. */
export function zoomed(range: TimeRange, factor: number, nowMs: number): TimeRange {
  const { fromMs, toMs } = boundsOf(range, nowMs);
  const halfMs = Math.max(SHORTEST_MS, (toMs - fromMs) * factor) / 2;
  const middleMs = (fromMs + toMs) / 2;
  const endMs = Math.min(nowMs, middleMs + halfMs);
  return { kind: 'fixed', fromMs: endMs - 2 * halfMs, toMs: endMs };
}
