import { Component, computed, inject, input, output, signal } from '@angular/core';
import type { Severity } from '@pulsegraph/contracts';
import { Clock } from '../core/clock';
import { decimalsFor, formatAge, formatInstant, formatNumber, unitSymbol } from '../core/format';
import { spanOf } from '../core/metric-level';
import type { LiveSeries } from '../live/live-series';
import { Chart, type ChartView } from './chart';
import { describeChart } from './chart-text';
import type { ChartSeries, Span } from './chart-series';
import { boundsOf, type TimeRange } from './time-range';
import { ValueCell, type MetricShape } from './value-cell';

/** Rows of the table that stands in for the chart. */
const TABLE_ROWS = 60;

/** One metric: its present value, its course, and the same in words and in a table. */
@Component({
  selector: 'pg-metric-panel',
  imports: [Chart, ValueCell],
  host: { class: 'panel', 'data-testid': 'chart', '[attr.data-metric]': 'definition().metric', '[attr.data-points]': 'points()' },
  templateUrl: './metric-panel.html',
  styleUrl: './metric-panel.css',
})
export class MetricPanel {
  private readonly clock = inject(Clock);
  readonly definition = input.required<MetricShape>();
  /** Null for a stretch of the past, which has no present value. */
  readonly live = input<LiveSeries | null>(null);
  /** Instants to point out, ms since 1970. */
  readonly marks = input<readonly number[]>([]);
  readonly series = input.required<ChartSeries>();
  /** Counts changes of `series`. */
  readonly changed = input.required<number>();
  readonly range = input.required<TimeRange>();
  readonly offline = input(false);
  readonly severity = input<Severity | null>(null);
  readonly zoomed = output<Span>();

  protected readonly asTable = signal(false);
  protected readonly showsLimits = signal(true);
  protected readonly cursor = signal<number | null>(null);
  protected readonly pointedAt = signal<number | null>(null);

  private readonly window = computed<Span>(() => {
    const range = this.range();
    // A fixed stretch does not move with the clock, and so is not drawn again every second.
    return range.kind === 'fixed' ? range : boundsOf(range, this.clock.now());
  });
  protected readonly view = computed<ChartView>(() => {
    this.changed();
    const window = this.window();
    return { window, columns: this.series().columns(window), gaps: this.series().gapsIn(window, this.clock.now()) };
  });
  protected readonly points = computed(() => this.view().columns.avg.reduce<number>((n, value) => n + (value === null ? 0 : 1), 0));
  protected readonly unit = computed(() => unitSymbol(this.definition().unit));
  private readonly span = computed(() => spanOf(this.definition()));
  protected readonly decimals = computed(() => {
    const { avg } = this.view().columns;
    return Math.max(...avg.slice(-20).map((value) => (value === null ? 0 : decimalsFor(value, this.span()))), 0);
  });
  protected readonly summary = computed(() =>
    describeChart(this.definition().name, this.unit(), this.view(), this.decimals(), this.clock.now(), this.definition()),
  );
  protected readonly pointed = computed(() => {
    const index = this.cursor() ?? this.pointedAt();
    const at = index === null ? undefined : this.view().columns.at[index];
    if (index === null || at === undefined) return null;
    const { avg, min, max } = this.view().columns;
    const value = avg[index] ?? null;
    const spread = min[index] !== max[index] ? ` (${this.number(min[index])} to ${this.number(max[index])})` : '';
    return { at: formatInstant(at, this.clock.now()), text: value === null ? 'no data' : `${this.number(value)} ${this.unit()}${spread}` };
  });
  protected readonly rows = computed(() => {
    const points = this.series().points(this.window());
    const every = Math.max(1, Math.ceil(points.length / TABLE_ROWS));
    return this.changed() >= 0 ? points.filter((_, i) => (points.length - 1 - i) % every === 0).reverse() : [];
  });
  protected readonly gaps = computed(() =>
    this.view().gaps.map(({ fromMs, toMs }) => ({ from: this.instant(fromMs), to: this.instant(toMs), length: formatAge(toMs - fromMs) })),
  );

  protected number(value: number | null | undefined): string {
    return formatNumber(value, this.decimals());
  }

  protected instant(ms: number): string {
    return formatInstant(ms, this.clock.now());
  }

  protected onKey(event: KeyboardEvent): void {
    const count = this.view().columns.at.length;
    if (count === 0) return;
    const at = this.cursor() ?? count - 1;
    const page = Math.max(1, Math.round(count / 10));
    const next = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowDown: at - 1,
      ArrowUp: at + 1,
      PageDown: at - page,
      PageUp: at + page,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (event.key === 'Escape') this.cursor.set(null);
    if (next === undefined) return;
    event.preventDefault();
    this.cursor.set(Math.min(count - 1, Math.max(0, next)));
  }
}
