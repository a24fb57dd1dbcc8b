import { Component, computed, inject, input, output } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { Severity } from '@pulsegraph/contracts';
import { AlertActions } from '../core/alert-actions';
import type { LiveStore } from '../live/live-store';
import { Age } from '../ui/age';
import { ConnectivityMark } from '../ui/connectivity-mark';
import { SeverityMark } from '../ui/severity-mark';
import type { OverviewQuery } from './overview.generated';
import { ValueCell, type MetricShape } from '../charts/value-cell';

export type OverviewNode = OverviewQuery['deviceStatuses']['nodes'][number];

/** One device on the overview: how bad, which, what it measures now, and whether it still speaks. */
@Component({
  selector: 'pg-device-row',
  imports: [Age, ConnectivityMark, RouterLink, SeverityMark, ValueCell],
  host: {
    'data-testid': 'device-row',
    '[attr.data-device-key]': 'node().deviceKey',
    '[attr.data-severity]': 'node().openSeverity',
    '[attr.data-connectivity]': 'node().device?.connectivity',
    '[class]': '(unseen() ? "unseen " : "") + (node().openSeverity?.toLowerCase() ?? "normal")',
  },
  templateUrl: './device-row.html',
  styleUrl: './device-row.css',
})
export class DeviceRow {
  protected readonly actions = inject(AlertActions);
  readonly node = input.required<OverviewNode>();
  readonly store = input.required<LiveStore>();
  readonly acknowledge = output<string>();

  protected readonly unseen = computed(() => {
    const status = this.node().worst?.status;
    return this.node().openSeverity !== null && status !== 'ACKNOWLEDGED';
  });
  protected readonly offline = computed(() => this.node().device?.connectivity === 'OFFLINE');
  protected readonly metrics = computed<readonly MetricShape[]>(() => this.node().device?.profile.metrics ?? []);
  private readonly newestMs = computed(() => this.store().newestMs(this.node().deviceId));
  protected readonly lastSeen = computed<string | number | null>(() => {
    const seenMs = Date.parse(this.node().device?.lastSeenAt ?? '');
    const newestMs = this.newestMs()() ?? -Infinity;
    const lastMs = Math.max(Number.isNaN(seenMs) ? -Infinity : seenMs, newestMs);
    return lastMs === -Infinity ? null : lastMs;
  });

  protected severityOf(metric: string): Severity | null {
    const { worst, openSeverity } = this.node();
    return worst?.metric === metric ? openSeverity : null;
  }
}
