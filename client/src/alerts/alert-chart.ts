import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { ChartSource } from '../charts/chart-source';
import { MetricPanel } from '../charts/metric-panel';
import type { TimeRange } from '../charts/time-range';
import type { MetricShape } from '../charts/value-cell';
import { Clock } from '../core/clock';
import { Notice } from '../ui/notice';
import type { Detail } from './alert-detail';

const AROUND_MS = 15 * 60_000;
const AGAIN_MS = 5_000;

/** The course of the metric around the moment its alert began. */
@Component({
  selector: 'pg-alert-chart',
  imports: [MetricPanel, Notice],
  providers: [ChartSource],
  template: `
    @if (charts.failure(); as text) {
      <pg-notice kind="error" [text]="text" (again)="charts.reload()" />
    }
    @if (line(); as line) {
      <pg-metric-panel
        [definition]="definition()"
        [series]="line.series"
        [changed]="line.changed()"
        [range]="range()"
        [marks]="[startedMs()]"
      />
    }
  `,
})
export class AlertChart {
  private readonly clock = inject(Clock);
  protected readonly charts = inject(ChartSource);
  readonly alert = input.required<Detail>();
  readonly metric = input.required<MetricShape>();

  protected readonly startedMs = computed(() => Date.parse(this.alert().startedAt));
  protected readonly range = computed<TimeRange>(() => ({
    kind: 'fixed',
    fromMs: this.startedMs() - AROUND_MS,
    toMs: this.startedMs() + AROUND_MS,
  }));
  /** With the limit that was crossed, which may not be the profile's. */
  protected readonly definition = computed<MetricShape>(() => {
    const { kind, threshold } = this.alert();
    if (threshold === null) return this.metric();
    if (kind === 'THRESHOLD_BELOW') return { ...this.metric(), alertMin: threshold };
    return kind === 'THRESHOLD_EXCEEDED' ? { ...this.metric(), alertMax: threshold } : this.metric();
  });
  private readonly subject = computed(() => `${this.alert().deviceId} ${this.metric().metric} ${this.startedMs()}`);
  protected readonly line = signal<ReturnType<ChartSource['line']>>(undefined);

  constructor() {
    effect((onCleanup) => {
      this.subject();
      untracked(() => {
        this.charts.show(this.alert().deviceId, [this.metric()], this.range());
        this.line.set(this.charts.line(this.metric().metric));
      });
      // While the stretch still grows.
      const timer = setInterval(() => {
        if (this.clock.nowMs() > this.startedMs() + AROUND_MS + AGAIN_MS) clearInterval(timer);
        else if (!document.hidden) void this.charts.reload();
      }, AGAIN_MS);
      onCleanup(() => clearInterval(timer));
    });
  }
}
