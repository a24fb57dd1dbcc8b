import { Component, computed, input, output, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { AlertPartsFragment } from '../core/alert.generated';
import type { AlertAction } from '../core/alert-actions';
import { words } from '../core/format';
import { Age } from './age';
import { SeverityMark } from './severity-mark';

const REPEATS_FROM = 5;

/** One alert with what can be done about it. Says what it was told; the page acts. */
@Component({
  selector: 'pg-alert-row',
  imports: [Age, RouterLink, SeverityMark],
  host: {
    'data-testid': 'alert-row',
    '[attr.data-alert-id]': 'alert().id',
    '[attr.data-device-key]': 'alert().deviceKey',
    '[attr.data-status]': 'alert().status',
    '[class]': 'alert().severity.toLowerCase()',
    '[class.closed]': 'alert().status === "RESOLVED"',
    '[class.unseen]': 'alert().status === "TRIGGERED" || alert().status === "ESCALATED"',
  },
  templateUrl: './alert-row.html',
  styleUrl: './alert-row.css',
})
export class AlertRow {
  readonly alert = input.required<AlertPartsFragment>();
  readonly handles = input(false);
  readonly busy = input(false);
  readonly refusal = input<string | undefined>();
  /** False on the device's own page. */
  readonly namesDevice = input(true);
  /** There the heading says which alert it is. */
  readonly onOwnPage = input(false);
  /** The viewer's own id, to tell one's alerts from others'. */
  readonly viewerId = input<string | undefined>();
  readonly act = output<{ action: AlertAction; note: string }>();

  protected readonly status = computed(() => words(this.alert().status));
  protected readonly open = computed(() => this.alert().status !== 'RESOLVED');
  protected readonly waiting = computed(() => this.open() && this.alert().status !== 'ACKNOWLEDGED');
  /** Came back often enough to look at the rule rather than the device. */
  protected readonly repeats = computed(() => this.alert().occurrences >= REPEATS_FROM);
  protected readonly assigned = computed(() => {
    const { assignee } = this.alert();
    if (!assignee || this.onOwnPage()) return null;
    return assignee.id === this.viewerId() ? 'assigned to you' : 'assigned';
  });
  protected readonly noting = signal<AlertAction | null>(null);
  protected readonly verb = { acknowledge: 'Acknowledge', resolve: 'Resolve', comment: 'Comment' } as const;

  protected send(event: Event, action: AlertAction, note: string): void {
    event.preventDefault();
    if (this.busy() || (action === 'comment' && !note.trim())) return;
    this.noting.set(null);
    this.act.emit({ action, note });
  }
}
