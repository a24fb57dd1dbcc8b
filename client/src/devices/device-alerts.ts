import { Component, effect, inject, input, output, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { compareSeverity } from '@pulsegraph/contracts';
import type { AlertPartsFragment } from '../core/alert.generated';
import { AlertActions, type AlertAction } from '../core/alert-actions';
import { AlertFeed } from '../core/alert-feed';
import { errorText } from '../core/error-text';
import { Graph } from '../core/graph';
import { AlertRow } from '../ui/alert-row';
import { Notice } from '../ui/notice';
import { DeviceAlertsDocument } from './device-page.generated';

const SHOWN = 20;

/** The device's alerts, newest first, as they change. */
@Component({
  selector: 'pg-device-alerts',
  imports: [AlertRow, Notice],
  template: `
    <section class="panel" aria-label="Alerts">
      <h2>Alerts</h2>
      @if (failure(); as text) {
        <pg-notice kind="error" [text]="text" (again)="load(deviceId())" />
      }
      @if (alerts(); as alerts) {
        <ul>
          @for (alert of alerts; track alert.id) {
            <li>
              <pg-alert-row
                [alert]="alert"
                [namesDevice]="false"
                [handles]="actions.allowed()"
                [busy]="actions.busy().has(alert.id)"
                [refusal]="actions.refusals().get(alert.id)"
                (act)="act($event.action, alert.id, $event.note)"
              />
            </li>
          } @empty {
            <li class="muted none">No alerts.</li>
          }
        </ul>
      } @else if (!failure()) {
        <p class="muted none" role="status">Loading alerts…</p>
      }
    </section>
  `,
  styles: `
    h2 {
      padding: 0.75rem 0.9rem 0.25rem;
    }
    li {
      border-top: 1px solid var(--line);
    }
    .none {
      padding: 0.75rem 0.9rem;
    }
  `,
})
export class DeviceAlerts {
  private readonly graph = inject(Graph);
  protected readonly actions = inject(AlertActions);
  readonly deviceId = input.required<string>();
  /** The worst open alert; null when there is none. */
  readonly worst = output<AlertPartsFragment | null>();

  protected readonly alerts = signal<readonly AlertPartsFragment[] | null>(null);
  protected readonly failure = signal<string | null>(null);

  constructor() {
    const feed = inject(AlertFeed);
    effect(() => {
      const id = this.deviceId();
      untracked(() => void this.load(id));
    });
    effect(() => {
      const open = (this.alerts() ?? []).filter(({ status }) => status !== 'RESOLVED');
      this.worst.emit([...open].sort((a, b) => compareSeverity(a.severity, b.severity))[0] ?? null);
    });
    feed.changes.pipe(takeUntilDestroyed()).subscribe(({ alert }) => {
      if (alert.deviceId === this.deviceId()) this.upsert(alert);
    });
    feed.restarted.pipe(takeUntilDestroyed()).subscribe(() => void this.load(this.deviceId()));
  }

  protected async load(id: string): Promise<void> {
    try {
      const { data } = await this.graph.query(DeviceAlertsDocument, { id, first: SHOWN });
      this.alerts.set(data.device?.alerts.nodes ?? []);
      this.failure.set(null);
    } catch (error) {
      this.failure.set(errorText(error));
    }
  }

  protected async act(action: AlertAction, id: string, note: string): Promise<void> {
    const alert = await this.actions.run(action, id, note);
    if (alert) this.upsert(alert);
  }

  private upsert(alert: AlertPartsFragment): void {
    this.alerts.update((alerts) => {
      if (!alerts?.some(({ id }) => id === alert.id)) return [alert, ...(alerts ?? [])].slice(0, SHOWN);
      return alerts.map((known) => (known.id === alert.id ? alert : known));
    });
  }
}
