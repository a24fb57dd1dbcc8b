import { effect, inject, Injectable, signal, untracked } from '@angular/core';
import { Subject, type Subscription } from 'rxjs';
import { AlertChangesDocument, AlertSummaryDocument, type AlertChangesSubscription, type AlertSummaryQuery } from './alert.generated';
import { Announcer } from './announcer';
import { Connection } from './connection';
import { hasCode } from './faults';
import { words } from './format';
import { Graph } from './graph';
import { Session } from './session';

export type AlertChange = AlertChangesSubscription['alertChanged'];
export type AlertSummary = AlertSummaryQuery['alertSummary'];

const COUNT_AGAIN_MS = 300;

/**
 * Every alert transition of the organization, once, for as long as somebody is signed in. Past batching and past the
 * cache: an alert waits for nobody. Announces what was raised to screen readers.
 */
@Injectable({ providedIn: 'root' })
export class AlertFeed {
  private readonly graph = inject(Graph);
  private readonly session = inject(Session);
  private readonly announcer = inject(Announcer);
  private subscription: Subscription | undefined;
  private countTimer: ReturnType<typeof setTimeout> | undefined;

  readonly changes = new Subject<AlertChange>();
  /** Transitions may be missing: whoever shows a list reads it again. */
  readonly restarted = new Subject<void>();
  readonly summary = signal<AlertSummary | null>(null);

  constructor() {
    const connection = inject(Connection);
    effect(() => {
      const signedIn = this.session.state() === 'signed-in';
      this.session.generation();
      untracked(() => this.restart(signedIn));
    });
    effect(() => {
      if (connection.reopened() > 0) untracked(() => this.countSoon());
    });
  }

  private restart(signedIn: boolean): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
    this.summary.set(null);
    if (!signedIn) return;
    this.countSoon();
    this.subscription = this.graph.live(AlertChangesDocument, {}).subscribe({
      next: ({ alertChanged }) => this.take(alertChanged),
      error: (error: unknown) => {
        this.restarted.next();
        if (hasCode(error, 'CURSOR_EXPIRED')) this.restart(true);
      },
    });
  }

  private take(change: AlertChange): void {
    this.changes.next(change);
    this.countSoon();
    const { alert, transition } = change;
    if (transition === 'RAISED' || transition === 'REOPENED') {
      const urgent = alert.severity === 'CRITICAL' || alert.severity === 'HIGH';
      this.announcer.say(`${words(alert.severity)} alert: ${alert.deviceName}. ${alert.message}.`, urgent ? 'assertive' : 'polite');
    } else if (transition === 'RESOLVED') {
      this.announcer.say(`Resolved: ${alert.deviceName}. ${alert.message}.`);
    }
  }

  /** The counts come from the server: adding up transitions would drift after the first one missed. */
  private countSoon(): void {
    this.countTimer ??= setTimeout(() => {
      this.countTimer = undefined;
      if (this.session.state() !== 'signed-in') return;
      this.graph.query(AlertSummaryDocument, {}).then(
        ({ data }) => this.summary.set(data.alertSummary),
        () => undefined, // The last counts stand; the connection indicator says that nobody answers.
      );
    }, COUNT_AGAIN_MS);
  }
}
