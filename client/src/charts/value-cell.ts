import { Component, computed, inject, input } from '@angular/core';
import type { Severity } from '@pulsegraph/contracts';
import { Clock } from '../core/clock';
import { durationMs } from '../core/durations';
import { formatAge, formatNumber, unitSymbol, usefulDecimals, words } from '../core/format';
import { LEVEL_WORDS, levelOf, spanOf, type Limits } from '../core/metric-level';
import type { LiveSeries } from '../live/live-series';
import { isStale } from '../live/staleness';
import { Sparkline } from './sparkline';

export interface MetricShape extends Limits {
  metric: string;
  name: string;
  kind: 'NUMBER' | 'BOOLEAN' | 'TEXT';
  unit: string;
  expectedInterval: string;
}

/** The present value of one metric: number, unit, where it lies, how old it is, and how it got there. */
@Component({
  selector: 'pg-value-cell',
  imports: [Sparkline],
  host: { '[class]': 'classes()' },
  templateUrl: './value-cell.html',
  styleUrl: './value-cell.css',
})
export class ValueCell {
  private readonly clock = inject(Clock);
  readonly series = input.required<LiveSeries>();
  readonly definition = input.required<MetricShape>();
  readonly offline = input(false);
  /** Of an open alert on this very metric. */
  readonly severity = input<Severity | null>(null);
  readonly sparkline = input(true);

  protected readonly latest = computed(() => this.series().latest());
  protected readonly unit = computed(() => unitSymbol(this.latest()?.unit ?? this.definition().unit));
  protected readonly intervalMs = computed(() => durationMs(this.definition().expectedInterval));
  protected readonly stale = computed(
    () => this.offline() || isStale(this.latest()?.recordedAtMs ?? null, this.intervalMs(), this.clock.now()),
  );
  protected readonly age = computed(() => {
    const latest = this.latest();
    if (!latest) return 'no value yet';
    return this.stale() ? `${formatAge(this.clock.now() - latest.recordedAtMs)} old` : '';
  });
  protected readonly text = computed(() => {
    const latest = this.latest();
    const { kind } = this.definition();
    if (!latest) return '–';
    if (latest.text !== null) return words(latest.text);
    if (kind === 'BOOLEAN') return latest.value ? 'Yes' : 'No';
    return latest.value === null
      ? '–'
      : formatNumber(latest.value, Math.min(this.series().decimals, usefulDecimals(latest.value, spanOf(this.definition()))));
  });
  protected readonly level = computed(() => levelOf(this.latest()?.value ?? null, this.definition()));
  protected readonly levelWords = computed(() => LEVEL_WORDS[this.level()]);
  protected readonly suspect = computed(() => this.latest()?.quality === 'SUSPECT');
  protected readonly classes = computed(() => {
    const severity = this.severity()?.toLowerCase() ?? '';
    return `${this.sparkline() ? '' : 'plain'} ${this.stale() ? 'stale' : ''} ${this.level() === 'normal' ? '' : 'off-normal'} ${severity}`;
  });
}
