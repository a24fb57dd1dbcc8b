import { inject, Injectable, signal, type Signal, type WritableSignal } from '@angular/core';
import { Clock } from '../core/clock';
import { debounced } from '../core/debounced';
import { durationMs } from '../core/durations';
import { errorText } from '../core/error-text';
import { Graph } from '../core/graph';
import { frame } from '../live/frame';
import { SeriesColumnsDocument, type SeriesColumnsQuery } from '../live/readings.generated';
import type { LiveReading } from '../live/readings-feed';
import { ChartSeries, type History } from './chart-series';
import { boundsOf, type TimeRange } from './time-range';
import type { MetricShape } from './value-cell';

/** Points asked for per chart: about one per pixel of a wide one. */
const POINTS = 1_000;
/** Raw readings asked for behind the seam. */
const RAW_POINTS = 5_000;
/** Clocks of browser and server may differ by this much. */
const SEAM_OVERLAP_MS = 5_000;
/** What arrives for a stretch that is summarised already is read again, once it has paused. */
const RELOAD_AFTER_LATE_MS = 3_000;

interface Line {
  series: ChartSeries;
  changed: WritableSignal<number>;
}

/**
 * The charts of one device. Order matters: the page subscribes, then history is asked for here, then, with the first live
 * event, once more for what was stored while nobody could be sure that the subscription already stood. Instants come once.
 */
@Injectable()
export class ChartSource {
  private readonly graph = inject(Graph);
  private readonly clock = inject(Clock);
  private readonly lines = new Map<string, Line>();
  private readonly dirty = new Set<Line>();
  private deviceId = '';
  private range: TimeRange | null = null;
  private pending = new AbortController();
  private seamChecked = false;
  private loadedToMs = 0;
  private readonly reloadSoon = debounced(RELOAD_AFTER_LATE_MS, () => void this.reload());
  private readonly flush = (): void => {
    for (const { changed } of this.dirty) changed.update((n) => n + 1);
    this.dirty.clear();
  };

  readonly loading = signal(false);
  readonly failure = signal<string | null>(null);

  show(deviceId: string, metrics: readonly MetricShape[], range: TimeRange): void {
    if (deviceId !== this.deviceId) {
      this.lines.clear();
      this.seamChecked = false;
    }
    this.deviceId = deviceId;
    this.range = range;
    for (const { metric, expectedInterval } of metrics) {
      if (!this.lines.has(metric)) this.lines.set(metric, { series: new ChartSeries(durationMs(expectedInterval)), changed: signal(0) });
    }
    void this.reload();
  }

  line(metric: string): { series: ChartSeries; changed: Signal<number> } | undefined {
    return this.lines.get(metric);
  }

  /** Live readings of this device. */
  take(readings: readonly LiveReading[]): void {
    if (this.range?.kind !== 'live') return;
    if (!this.seamChecked && !this.loading()) {
      this.seamChecked = true;
      void this.fillSeam();
    }
    for (const { metric, value, recordedAt } of readings) {
      const line = this.lines.get(metric);
      if (!line || value === null) continue;
      const atMs = Date.parse(recordedAt);
      if (line.series.append(atMs, value)) this.mark(line);
      else if (line.series.seam !== null && atMs < line.series.seam) this.reloadSoon();
    }
    const fromMs = boundsOf(this.range, this.clock.nowMs()).fromMs;
    for (const { series } of this.dirty) series.dropBefore(fromMs);
  }

  async reload(): Promise<void> {
    this.pending.abort();
    const { signal: aborted } = (this.pending = new AbortController());
    const { range } = this;
    if (!range || this.lines.size === 0) return;
    const { fromMs, toMs } = boundsOf(range, this.clock.nowMs());
    this.loading.set(true);
    try {
      const histories = await this.fetch(
        [...this.lines.keys()].map((metric) => ({ metric, fromMs, toMs, maxPoints: POINTS })),
        aborted,
      );
      if (aborted.aborted) return;
      for (const [metric, line] of this.lines) {
        if (range.kind === 'fixed') line.series.forget();
        const history = histories.get(metric);
        if (history) line.series.load(history);
        this.mark(line);
      }
      await this.join(toMs, aborted);
      this.loadedToMs = toMs;
      this.failure.set(null);
    } catch (error) {
      if (!aborted.aborted) this.failure.set(errorText(error));
    } finally {
      if (!aborted.aborted) this.loading.set(false);
    }
  }

  /** The readings behind each seam, one by one. A fixed stretch ends in the past, where nothing grows: same path, exact end. */
  private async join(toMs: number, aborted: AbortSignal): Promise<void> {
    const seams = [...this.lines].flatMap(([metric, { series }]) =>
      series.seam !== null && Number.isFinite(series.seam) ? [{ metric, fromMs: series.seam, toMs, maxPoints: RAW_POINTS }] : [],
    );
    await this.bring(seams, aborted);
  }

  /** What was stored between asking for history and the subscription standing: the first live event proves that it does. */
  private async fillSeam(): Promise<void> {
    const [fromMs, toMs] = [this.loadedToMs - SEAM_OVERLAP_MS, this.clock.nowMs() + SEAM_OVERLAP_MS];
    const tails = [...this.lines.keys()].map((metric) => ({ metric, fromMs, toMs, maxPoints: RAW_POINTS }));
    await this.bring(tails, this.pending.signal).catch(() => undefined); // The next reload brings the same.
  }

  private async bring(requests: readonly Request[], aborted: AbortSignal): Promise<void> {
    if (requests.length === 0) return;
    const histories = await this.fetch(requests, aborted);
    if (aborted.aborted) return;
    for (const [metric, history] of histories) {
      const line = this.lines.get(metric);
      if (!line) continue;
      line.series.join(history);
      this.mark(line);
    }
  }

  private async fetch(requests: readonly Request[], aborted: AbortSignal): Promise<Map<string, History>> {
    const { deviceId } = this;
    const variables = {
      requests: requests.map(({ metric, fromMs, toMs, maxPoints }) => ({
        deviceId,
        metric,
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
        maxPoints,
      })),
    };
    const { data } = await this.graph.query(SeriesColumnsDocument, variables, aborted);
    return new Map(data.series.flatMap((series) => (series ? [[series.metric, historyOf(series)] as const] : [])));
  }

  private mark(line: Line): void {
    this.dirty.add(line);
    frame.flush(this.flush);
  }
}

interface Request {
  metric: string;
  fromMs: number;
  toMs: number;
  maxPoints: number;
}

function historyOf({ columns, resolution, gaps }: NonNullable<SeriesColumnsQuery['series'][number]>): History {
  return {
    ...columns,
    resolutionMs: resolution === null ? null : durationMs(resolution),
    gaps: gaps.map(({ from, to }) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) })),
  };
}
