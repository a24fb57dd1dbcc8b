import { Component, computed, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { SEVERITIES } from '@pulsegraph/contracts';
import { AlertFeed } from '../core/alert-feed';
import { DeviceFeed } from '../core/device-feed';
import { words } from '../core/format';
import { SeverityMark } from '../ui/severity-mark';

/** The whole at a glance: how many speak, how many are wrong, how many nobody has looked at. */
@Component({
  selector: 'pg-fleet-summary',
  imports: [RouterLink, SeverityMark],
  template: `
    @if (fleet(); as fleet) {
      <ul aria-label="Connectivity">
        <li>
          <b>{{ fleet.online }}</b> online
        </li>
        <li [class.offline]="fleet.offline > 0">
          <b>{{ fleet.offline }}</b> offline
        </li>
        @if (fleet.neverSeen > 0) {
          <li>
            <b>{{ fleet.neverSeen }}</b> never seen
          </li>
        }
      </ul>
    }
    @if (open(); as open) {
      <ul aria-label="Open alerts">
        @for (entry of open; track entry.severity) {
          <li>
            <a routerLink="/alerts" [queryParams]="{ severity: entry.severity }">
              <b>{{ entry.count }}</b> <pg-severity-mark [severity]="entry.severity" />
            </a>
          </li>
        } @empty {
          <li class="muted">No open alerts</li>
        }
      </ul>
    }
  `,
  styles: `
    :host,
    ul {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 1rem;
      align-items: center;
    }
    :host {
      gap: 0.25rem 1.75rem;
    }
    b {
      font-weight: 650;
    }
    a:hover b {
      text-decoration: underline;
    }
    .offline {
      color: var(--offline);
      font-weight: 600;
    }
    a {
      display: inline-flex;
      align-items: center;
      gap: 0.3rem;
      min-height: 1.5rem;
      text-decoration: none;
    }
  `,
})
export class FleetSummary {
  private readonly alerts = inject(AlertFeed);
  protected readonly fleet = inject(DeviceFeed).fleet;
  protected readonly words = words;
  protected readonly open = computed(() => {
    const summary = this.alerts.summary();
    if (!summary) return null;
    const counts = new Map(summary.bySeverity.map(({ severity, count }) => [severity, count]));
    return SEVERITIES.map((severity) => ({ severity, count: counts.get(severity) ?? 0 })).filter(({ count }) => count > 0);
  });
}
