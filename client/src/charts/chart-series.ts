/** A stretch of history as the server sends it, by column. Milliseconds since 1970. */
export interface History {
  at: readonly (number | null)[];
  avg: readonly (number | null)[];
  min: readonly (number | null)[];
  max: readonly (number | null)[];
  count: readonly (number | null)[];
  /** The width of one point; null when the points are raw readings. */
  resolutionMs: number | null;
  gaps: readonly Span[];
}

export interface Span {
  fromMs: number;
  toMs: number;
}

export interface Point {
  at: number;
  avg: number;
  min: number;
  max: number;
  count: number;
}

/** Columns for a chart; a null row breaks the line. */
export interface Columns {
  at: number[];
  avg: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
}

/** Silence of more than this many expected intervals is a gap. */
const GAP_INTERVALS = 3;
/** Above this many raw points behind the seam, the older half is folded into its points. */
const MOST_RAW = 20_000;

/**
 * One metric's history and its live tail as one line. Where history is summarised, its last point is still growing on the
 * server, so it is left out and rebuilt here from the readings since it began: from there on (the seam) every reading is
 * known one by one, each once, and folded into points of the same width on the same grid.
 */
export class ChartSeries {
  private history: Point[] = [];
  private gaps: readonly Span[] = [];
  private resolutionMs: number | null = null;
  private seamMs = -Infinity;
  private tail: Point[] = [];

  constructor(private readonly expectedIntervalMs: number | null) {}

  /** Where the raw readings begin that `join` must bring; null when history is raw already. */
  get seam(): number | null {
    return this.resolutionMs === null ? null : this.seamMs;
  }

  get newestMs(): number {
    return this.tail.at(-1)?.at ?? this.history.at(-1)?.at ?? -Infinity;
  }

  /** Replaces everything but what arrived live while history was on its way. */
  load(history: History): void {
    const points = pointsOf(history);
    const live = this.tail;
    this.resolutionMs = history.resolutionMs;
    this.gaps = history.gaps;
    if (history.resolutionMs === null) {
      this.history = [];
      this.seamMs = -Infinity;
      this.tail = points;
    } else {
      const growing = points.pop();
      this.history = points;
      this.seamMs = growing?.at ?? -Infinity;
      this.tail = [];
    }
    const firstMs = history.resolutionMs === null ? (points[0]?.at ?? -Infinity) : this.seamMs;
    for (const point of live) if (point.at >= firstMs) this.insert(point);
  }

  /** Readings since the seam, as far as the server had them. */
  join(history: History): void {
    for (const point of pointsOf(history)) this.insert(point);
  }

  /** One live reading. False when it is known already, or belongs to a stretch that is summarised. */
  append(atMs: number, value: number): boolean {
    return this.insert({ at: atMs, avg: value, min: value, max: value, count: 1 });
  }

  forget(): void {
    this.history = [];
    this.tail = [];
    this.gaps = [];
    this.resolutionMs = null;
    this.seamMs = -Infinity;
  }

  /** Points in the window, and one on either side so that the line runs to its edges. */
  points({ fromMs, toMs }: Span): Point[] {
    const all = [...this.history, ...this.folded()];
    let first = lowerBound(all, fromMs);
    let last = lowerBound(all, toMs + 1);
    if (first > 0) first--;
    if (last < all.length) last++;
    return all.slice(first, last);
  }

  columns(window: Span): Columns {
    const columns: Columns = { at: [], avg: [], min: [], max: [] };
    let before: Point | undefined;
    for (const point of this.points(window)) {
      if (before && this.isBroken(before.at, point.at)) push(columns, (before.at + point.at) / 2, null);
      push(columns, point.at, point);
      before = point;
    }
    return columns;
  }

  /** Where data should have been and is not: as the server says, and as seen since. */
  gapsIn({ fromMs, toMs }: Span, nowMs: number): Span[] {
    const points = this.points({ fromMs, toMs });
    const spans = this.gaps.filter((gap) => gap.toMs > fromMs && gap.fromMs < toMs && !this.isFilled(gap)).map((gap) => ({ ...gap }));
    points.forEach((point, i) => {
      const next = points[i + 1];
      if (next && next.at - point.at > this.breakMs()) spans.push({ fromMs: point.at + (this.resolutionMs ?? 0), toMs: next.at });
    });
    const newest = points.at(-1);
    const endMs = Math.min(toMs, nowMs);
    if (newest && endMs - newest.at > this.breakMs()) spans.push({ fromMs: newest.at + (this.resolutionMs ?? 0), toMs: endMs });
    return merged(spans).map((span) => ({ fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) }));
  }

  /** Forgets raw points that can no longer come into view. */
  dropBefore(ms: number): void {
    if (this.resolutionMs === null) {
      const first = Math.max(0, lowerBound(this.tail, ms) - 1);
      if (first > 1_000) this.tail = this.tail.slice(first);
    } else if (this.tail.length > MOST_RAW) {
      this.foldOlderHalf(this.resolutionMs);
    }
  }

  private breakMs(): number {
    return Math.max(GAP_INTERVALS * (this.expectedIntervalMs ?? Infinity), 1.5 * (this.resolutionMs ?? 0));
  }

  private isBroken(a: number, b: number): boolean {
    // A point of summarised history stands for the time from its beginning: its gap may end within the next one.
    return (
      b - a > this.breakMs() ||
      this.gaps.some((gap) => gap.fromMs >= a && gap.fromMs < b && gap.toMs <= b + (this.resolutionMs ?? 0) && !this.isFilled(gap))
    );
  }

  /** Readings that came after history was read may lie in what it called a gap; the distances between them say the rest. */
  private isFilled({ fromMs, toMs }: Span): boolean {
    const next = this.tail[lowerBound(this.tail, fromMs + 1)];
    return next !== undefined && next.at < toMs;
  }

  private insert(point: Point): boolean {
    if (point.at < this.seamMs) return false;
    let at = this.tail.length;
    while (at > 0 && this.tail[at - 1]!.at > point.at) at--;
    if (at > 0 && this.tail[at - 1]!.at === point.at) return false;
    this.tail.splice(at, 0, point);
    return true;
  }

  private folded(): Point[] {
    return this.resolutionMs === null ? this.tail : fold(this.tail, this.seamMs, this.resolutionMs);
  }

  private foldOlderHalf(resolutionMs: number): void {
    const middleMs = this.tail[Math.floor(this.tail.length / 2)]!.at;
    const seamMs = this.seamMs + Math.floor((middleMs - this.seamMs) / resolutionMs) * resolutionMs;
    const split = lowerBound(this.tail, seamMs);
    this.history.push(...fold(this.tail.slice(0, split), this.seamMs, resolutionMs));
    this.tail = this.tail.slice(split);
    this.seamMs = seamMs;
  }
}

function pointsOf({ at, avg, min, max, count }: History): Point[] {
  const points: Point[] = [];
  at.forEach((time, i) => {
    const mean = avg[i];
    if (time === null || mean === null || mean === undefined) return;
    // Readings come with milliseconds, columns may carry more: one instant must not look like two.
    points.push({ at: Math.floor(time), avg: mean, min: min[i] ?? mean, max: max[i] ?? mean, count: count[i] ?? 1 });
  });
  return points;
}

/** Points of `widthMs` on the grid that begins at `originMs`. */
function fold(raw: readonly Point[], originMs: number, widthMs: number): Point[] {
  const folded: Point[] = [];
  for (const { at, avg, min, max, count } of raw) {
    const start = originMs + Math.floor((at - originMs) / widthMs) * widthMs;
    const open = folded.at(-1);
    if (open?.at !== start) {
      folded.push({ at: start, avg, min, max, count });
      continue;
    }
    open.count += count;
    open.avg += ((avg - open.avg) * count) / open.count;
    open.min = Math.min(open.min, min);
    open.max = Math.max(open.max, max);
  }
  return folded;
}

function push(columns: Columns, at: number, point: Point | null): void {
  columns.at.push(at);
  columns.avg.push(point?.avg ?? null);
  columns.min.push(point?.min ?? null);
  columns.max.push(point?.max ?? null);
}

function lowerBound(points: readonly Point[], ms: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (points[middle]!.at < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    const open = result.at(-1);
    if (open && span.fromMs <= open.toMs) open.toMs = Math.max(open.toMs, span.toMs);
    else if (span.toMs > span.fromMs) result.push({ ...span });
  }
  return result;
}
