import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { Router } from '@angular/router';
import { AlertActions } from '../core/alert-actions';
import { AlertFeed, type AlertChange } from '../core/alert-feed';
import { Choices, type AssetChoice } from '../core/choices';
import { debounced } from '../core/debounced';
import { DeviceFeed, type DeviceChange } from '../core/device-feed';
import { errorText } from '../core/error-text';
import { Graph } from '../core/graph';
import { Session } from '../core/session';
import { LatestValues } from '../live/latest-values';
import { LiveStore } from '../live/live-store';
import { ReadingsFeed } from '../live/readings-feed';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { DeviceRow, type OverviewNode } from './device-row';
import { FleetSummary } from './fleet-summary';
import { OverviewDocument, OverviewOrderDocument } from './overview.generated';
import { RegisterDevice } from './register-device';
import { SparklineHistory } from './sparkline-history';
import { afterTransition, worstFirst } from './worst-first';

const PAGE = 100;
/** The largest page the graph serves. */
const MOST_ROWS = 1_000;
/** Up to here the subscription takes the whole organization, which all its viewers share; beyond, only what is listed. */
const WHOLE_FLEET_UP_TO = 250;
const MAX_EVENTS_PER_SECOND = 5;
const SEARCH_AFTER_MS = 250;
const REORDER_AFTER_MS = 400;

/** Every device, worst first, with its values as they come. */
@Component({
  selector: 'pg-overview',
  imports: [DeviceRow, FleetSummary, Notice, Paging, RegisterDevice],
  providers: [ReadingsFeed, SparklineHistory],
  templateUrl: './overview.html',
  styleUrl: './overview.css',
})
export class Overview {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  private readonly feed = inject(ReadingsFeed);
  private readonly history = inject(SparklineHistory);
  private readonly latest = inject(LatestValues);
  private readonly actions = inject(AlertActions);
  protected readonly session = inject(Session);

  /** From the address. */
  readonly search = input<string>();
  readonly asset = input<string>();

  protected readonly store = new LiveStore();
  protected readonly rows = signal<readonly OverviewNode[] | null>(null);
  protected readonly total = signal(0);
  protected readonly failure = signal<string | null>(null);
  protected readonly partial = signal<string | null>(null);
  protected readonly busy = signal(false);
  protected readonly registering = signal(false);
  protected readonly assets = signal<readonly AssetChoice[]>([]);
  protected readonly hasMore = computed(() => (this.rows()?.length ?? 0) < this.total());
  protected readonly filtered = computed(() => !!this.search() || !!this.asset());

  private readonly criteria = computed(() => ({ search: this.search() || null, assetId: this.asset() || null }));
  private pending = new AbortController();
  private endCursor: string | null = null;
  private watched = '';
  protected readonly searchSoon = debounced(SEARCH_AFTER_MS, (search: string) => this.narrow({ search }));
  private readonly reloadSoon = debounced(REORDER_AFTER_MS, () => void this.load());
  private readonly reorderSoon = debounced(REORDER_AFTER_MS, () => void this.reorder());

  constructor() {
    const alerts = inject(AlertFeed);
    const devices = inject(DeviceFeed);
    effect(() => {
      this.criteria();
      this.session.generation();
      untracked(() => {
        this.rows.update((rows) => rows && rows.slice(0, PAGE));
        void this.load();
      });
    });
    inject(Choices)
      .assets()
      .then(
        (assets) => this.assets.set(assets),
        () => undefined,
      );
    this.feed.readings.pipe(takeUntilDestroyed()).subscribe((readings) => this.store.take(readings));
    this.feed.restarted.pipe(takeUntilDestroyed()).subscribe(() => void this.load());
    alerts.changes.pipe(takeUntilDestroyed()).subscribe((change) => this.onAlert(change));
    alerts.restarted.pipe(takeUntilDestroyed()).subscribe(() => void this.load());
    devices.changes.pipe(takeUntilDestroyed()).subscribe((change) => this.onDevice(change));
  }

  /** From the top, as many as are listed now. */
  protected async load(): Promise<void> {
    const signal = this.anew();
    this.endCursor = null;
    await this.fetch(signal, [], Math.min(MOST_ROWS, Math.max(PAGE, this.rows()?.length ?? 0)));
  }

  protected async more(): Promise<void> {
    await this.fetch(this.anew(), this.rows() ?? [], PAGE);
  }

  protected narrow(query: { search?: string; asset?: string }): void {
    const queryParams = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, value.trim() || null]));
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl: true });
  }

  protected async acknowledge(id: string): Promise<void> {
    const alert = await this.actions.run('acknowledge', id, '');
    if (alert) this.patch(alert.deviceId, (row) => (row.worst?.id === id ? { ...row, worst: alert } : row));
  }

  private anew(): AbortSignal {
    this.pending.abort();
    this.pending = new AbortController();
    return this.pending.signal;
  }

  private async fetch(signal: AbortSignal, before: readonly OverviewNode[], first: number): Promise<void> {
    this.busy.set(true);
    let listed = false;
    try {
      const variables = { ...this.criteria(), first, after: this.endCursor, patients: this.session.may('patients:read') };
      const { data, error } = await this.graph.query(OverviewDocument, variables, signal);
      if (signal.aborted) return;
      const { nodes, totalCount, pageInfo } = data.deviceStatuses;
      const fresh = new Set(nodes.map(({ deviceId }) => deviceId));
      this.endCursor = pageInfo.endCursor;
      this.total.set(totalCount);
      this.failure.set(null);
      this.partial.set(error ? errorText(error) : null);
      this.rows.set([...before.filter(({ deviceId }) => !fresh.has(deviceId)), ...nodes]);
      listed = true;
      this.watch();
      void this.history.fill(this.store, nodes);
      await this.latest.fill(this.store, [...fresh]);
    } catch (error) {
      if (signal.aborted) return;
      if (listed) this.partial.set(errorText(error));
      else this.failure.set(errorText(error));
    } finally {
      if (!signal.aborted) this.busy.set(false);
    }
  }

  private watch(): void {
    const { assetId, search } = this.criteria();
    const listed = (this.rows() ?? []).map(({ deviceId }) => deviceId);
    const whole = this.total() <= WHOLE_FLEET_UP_TO && !search;
    const filter = whole ? { assetId } : { deviceIds: listed };
    const key = JSON.stringify(filter);
    if (key === this.watched) return;
    this.watched = key;
    if (!whole && listed.length === 0) this.feed.stop();
    else this.feed.watch(filter, MAX_EVENTS_PER_SECOND);
  }

  private onAlert({ transition, alert }: AlertChange): void {
    this.patch(alert.deviceId, (row) => {
      const next = afterTransition(row, transition, alert.severity);
      if (row.worst?.id === alert.id) return { ...next, worst: alert };
      return next.openSeverity === row.openSeverity ? next : { ...next, worst: alert };
    });
    this.reorderSoon();
  }

  private onDevice({ change, device }: DeviceChange): void {
    if (change === 'REGISTERED' || change === 'RETIRED' || change === 'ASSIGNMENT') return this.reloadSoon();
    this.patch(device.id, (row) =>
      row.device
        ? { ...row, device: { ...row.device, name: device.name, connectivity: device.connectivity, lastSeenAt: device.lastSeenAt } }
        : row,
    );
  }

  private patch(deviceId: string, change: (row: OverviewNode) => OverviewNode): void {
    this.rows.update((rows) => rows && worstFirst(rows.map((row) => (row.deviceId === deviceId ? change(row) : row))));
  }

  /** The server's order and counts, for what is listed; no details, so it is cheap enough for every burst of alerts. */
  private async reorder(): Promise<void> {
    const rows = this.rows();
    if (!rows?.length) return;
    try {
      const variables = { ...this.criteria(), first: Math.min(MOST_ROWS, Math.max(PAGE, rows.length)) };
      const { nodes, totalCount } = (await this.graph.query(OverviewOrderDocument, variables)).data.deviceStatuses;
      const known = new Map((this.rows() ?? []).map((row) => [row.deviceId, row]));
      if (nodes.some(({ deviceId }) => !known.has(deviceId))) return void this.load();
      const standing = nodes.map((node) => ({ ...known.get(node.deviceId)!, ...node }));
      const listed = new Set(nodes.map(({ deviceId }) => deviceId));
      this.total.set(totalCount);
      this.rows.set([...standing, ...[...known.values()].filter(({ deviceId }) => !listed.has(deviceId))]);
    } catch {
      // The order worked out from the transitions stands until the next one.
    }
  }
}
