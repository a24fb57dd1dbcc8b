import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { Router, RouterLink } from '@angular/router';
import type { Severity } from '@pulsegraph/contracts';
import type { AlertPartsFragment } from '../core/alert.generated';
import { AlertFeed } from '../core/alert-feed';
import { DeviceFeed, type DeviceChange } from '../core/device-feed';
import { errorText } from '../core/error-text';
import { RequestFailed } from '../core/faults';
import { Graph } from '../core/graph';
import { PageTitle } from '../core/page-title';
import { Session } from '../core/session';
import { LatestValues } from '../live/latest-values';
import { LiveStore } from '../live/live-store';
import { ReadingsFeed } from '../live/readings-feed';
import { Age } from '../ui/age';
import { ConnectivityMark } from '../ui/connectivity-mark';
import { Notice } from '../ui/notice';
import { SeverityMark } from '../ui/severity-mark';
import { ChartSource } from '../charts/chart-source';
import { DeviceAlerts } from './device-alerts';
import { DevicePageDocument, type DevicePageQuery } from './device-page.generated';
import { DeviceSettings } from './device-settings';
import { MetricPanel } from '../charts/metric-panel';
import { RangePicker } from './range-picker';
import { StatisticsTable } from './statistics-table';
import { parseRange, rangeQuery, type LiveRange, type TimeRange } from '../charts/time-range';
import { ValueCell } from '../charts/value-cell';

export type Device = NonNullable<DevicePageQuery['device']>;

@Component({
  selector: 'pg-device-page',
  imports: [
    Age,
    ConnectivityMark,
    DeviceAlerts,
    DeviceSettings,
    MetricPanel,
    Notice,
    RangePicker,
    RouterLink,
    SeverityMark,
    StatisticsTable,
    ValueCell,
  ],
  providers: [ChartSource, ReadingsFeed],
  templateUrl: './device-page.html',
  styleUrl: './device-page.css',
})
export class DevicePage {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  private readonly title = inject(PageTitle);
  private readonly feed = inject(ReadingsFeed);
  private readonly latest = inject(LatestValues);
  protected readonly charts = inject(ChartSource);
  protected readonly session = inject(Session);

  /** From the address. */
  readonly id = input.required<string>();
  readonly rangeName = input<string | undefined>(undefined, { alias: 'range' });
  readonly from = input<string>();
  readonly to = input<string>();

  protected readonly store = new LiveStore();
  protected readonly device = signal<Device | null>(null);
  protected readonly failure = signal<string | null>(null);
  protected readonly worst = signal<AlertPartsFragment | null>(null);
  protected readonly openSeverity = computed<Severity | null>(() => this.worst()?.severity ?? null);
  protected readonly range = computed(() => parseRange({ range: this.rangeName(), from: this.from(), to: this.to() }), {
    equal: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  });
  protected readonly numbers = computed(() => this.device()?.profile.metrics.filter(({ kind }) => kind === 'NUMBER') ?? []);
  protected readonly others = computed(() => this.device()?.profile.metrics.filter(({ kind }) => kind !== 'NUMBER') ?? []);
  /** Changes when the charts must be asked for anew: another device, other metrics, another stretch. */
  private readonly shown = computed(() => ({ id: this.device()?.id, numbers: this.numbers(), range: this.range() }));
  protected readonly lastSeen = computed(() => {
    const device = this.device();
    if (!device) return null;
    const seenMs = device.lastSeenAt === null ? -Infinity : Date.parse(device.lastSeenAt);
    const lastMs = Math.max(seenMs, this.store.newestMs(device.id)() ?? -Infinity);
    return lastMs === -Infinity ? null : lastMs;
  });

  constructor() {
    effect(() => {
      const id = this.id();
      this.session.generation();
      untracked(() => void this.load(id, true));
    });
    effect(() => {
      const { id, numbers, range } = this.shown();
      if (id) untracked(() => this.charts.show(id, numbers, range));
    });
    this.feed.readings.pipe(takeUntilDestroyed()).subscribe((readings) => {
      this.store.take(readings);
      this.charts.take(readings);
    });
    this.feed.restarted.pipe(takeUntilDestroyed()).subscribe(() => {
      void this.load(this.id(), false);
      void this.charts.reload();
    });
    inject(DeviceFeed)
      .changes.pipe(takeUntilDestroyed())
      .subscribe((change) => this.onChange(change));
    inject(AlertFeed)
      .restarted.pipe(takeUntilDestroyed())
      .subscribe(() => void this.load(this.id(), false));
  }

  protected async load(id: string, fresh: boolean): Promise<void> {
    if (fresh) {
      this.device.set(null);
      this.worst.set(null);
      // Before anything is asked for, so that what is stored meanwhile arrives as well.
      this.feed.watch({ deviceIds: [id] }, null);
    }
    try {
      const { data, error } = await this.graph.query(DevicePageDocument, { id, patients: this.session.may('patients:read') });
      if (id !== this.id()) return;
      if (!data.device) throw error ?? new RequestFailed([{ code: 'NOT_FOUND', message: '' }]);
      this.device.set(data.device);
      this.title.set(data.device.name);
      this.failure.set(null);
      // Missing values show as such; the charts say why.
      await this.latest.fill(this.store, [id]).catch(() => undefined);
    } catch (error) {
      if (id === this.id()) this.failure.set(errorText(error));
    }
  }

  protected severityOf(metric: string): Severity | null {
    return this.worst()?.metric === metric ? this.openSeverity() : null;
  }

  protected choose(range: TimeRange): void {
    this.navigate(rangeQuery(range));
  }

  protected chooseLive(range: LiveRange): void {
    this.navigate(rangeQuery({ kind: 'live', range, spanMs: 0 }));
  }

  private navigate(queryParams: Record<string, string | null>): void {
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge' });
  }

  private onChange({ device: changed, change }: DeviceChange): void {
    if (changed.id !== this.id()) return;
    if (change === 'UPDATED' || change === 'ASSIGNMENT' || change === 'RETIRED') return void this.load(changed.id, false);
    this.device.update((device) => device && { ...device, connectivity: changed.connectivity, lastSeenAt: changed.lastSeenAt });
  }
}
