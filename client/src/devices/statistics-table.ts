import { Component, DestroyRef, effect, inject, input, signal, untracked } from '@angular/core';
import { errorText } from '../core/error-text';
import { formatCount, formatNumber, unitSymbol, usefulDecimals } from '../core/format';
import { Graph } from '../core/graph';
import { spanOf } from '../core/metric-level';
import type { StatisticsWindow } from '../core/schema.generated';
import { Notice } from '../ui/notice';
import { DeviceStatisticsDocument, type DeviceStatisticsQuery } from './statistics-table.generated';
import type { MetricShape } from '../charts/value-cell';

type Statistics = NonNullable<NonNullable<DeviceStatisticsQuery['device']>['statistics']>;
const WINDOWS: readonly { window: StatisticsWindow; name: string }[] = [
  { window: 'HOUR', name: 'Last hour' },
  { window: 'DAY', name: 'Last day' },
  { window: 'WEEK', name: 'Last week' },
];
const TRENDS = { RISING: '▲ rising', FALLING: '▼ falling', STABLE: 'stable' } as const;
const AGAIN_MS = 30_000;

@Component({
  selector: 'pg-statistics-table',
  imports: [Notice],
  templateUrl: './statistics-table.html',
  styleUrl: './statistics-table.css',
})
export class StatisticsTable {
  private readonly graph = inject(Graph);
  readonly deviceId = input.required<string>();
  readonly metrics = input.required<readonly MetricShape[]>();

  protected readonly windows = WINDOWS;
  protected readonly window = signal<StatisticsWindow>('HOUR');
  protected readonly rows = signal<readonly { metric: MetricShape; statistics: Statistics | null }[] | null>(null);
  protected readonly failure = signal<string | null>(null);
  protected readonly formatCount = formatCount;
  protected readonly unitSymbol = unitSymbol;
  protected readonly trends = TRENDS;

  constructor() {
    effect(() => {
      this.deviceId();
      this.metrics();
      this.window();
      untracked(() => void this.load());
    });
    const timer = setInterval(() => document.hidden || void this.load(), AGAIN_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected async load(): Promise<void> {
    const [id, metrics, window] = [this.deviceId(), this.metrics(), this.window()];
    try {
      const rows = await Promise.all(
        metrics.map(async (metric) => {
          const { data } = await this.graph.query(DeviceStatisticsDocument, { id, metric: metric.metric, window });
          return { metric, statistics: data.device?.statistics ?? null };
        }),
      );
      if (id !== this.deviceId() || window !== this.window()) return;
      this.rows.set(rows);
      this.failure.set(null);
    } catch (error) {
      this.failure.set(errorText(error));
    }
  }

  protected number(metric: MetricShape, value: number | null): string {
    return value === null ? '–' : formatNumber(value, usefulDecimals(value, spanOf(metric)));
  }
}
