import { inject, Injectable, signal } from '@angular/core';
import { AcknowledgeAlertDocument, CommentOnAlertDocument, ResolveAlertDocument, type AlertPartsFragment } from './alert.generated';
import { Announcer } from './announcer';
import { errorText } from './error-text';
import { Graph } from './graph';
import { Session } from './session';

export type AlertAction = 'acknowledge' | 'resolve' | 'comment';
const DONE: Readonly<Record<AlertAction, string>> = { acknowledge: 'Acknowledged', resolve: 'Resolved', comment: 'Comment added' };

/** Acknowledge, resolve and comment, wherever an alert is shown. */
@Injectable({ providedIn: 'root' })
export class AlertActions {
  private readonly graph = inject(Graph);
  private readonly session = inject(Session);
  private readonly announcer = inject(Announcer);

  /** Ids with a request under way. */
  readonly busy = signal<ReadonlySet<string>>(new Set());
  /** Why the last action on an alert was refused, by id. */
  readonly refusals = signal<ReadonlyMap<string, string>>(new Map());

  allowed(): boolean {
    return this.session.may('alerts:handle');
  }

  /** The alert as it is now; null when refused, and then `refusals` says why. */
  async run(action: AlertAction, id: string, note: string): Promise<AlertPartsFragment | null> {
    this.busy.update((ids) => new Set(ids).add(id));
    this.setRefusal(id, null);
    try {
      const alert = await this.send(action, id, note.trim());
      this.announcer.say(`${DONE[action]}: ${alert.deviceName}. ${alert.message}.`);
      return alert;
    } catch (error) {
      const text = errorText(error);
      this.setRefusal(id, text);
      this.announcer.say(text, 'assertive');
      return null;
    } finally {
      this.busy.update((ids) => new Set([...ids].filter((other) => other !== id)));
    }
  }

  private async send(action: AlertAction, id: string, note: string): Promise<AlertPartsFragment> {
    if (action === 'comment') return (await this.graph.mutate(CommentOnAlertDocument, { id, text: note })).commentOnAlert;
    const variables = { id, note: note || null };
    if (action === 'resolve') return (await this.graph.mutate(ResolveAlertDocument, variables)).resolveAlert;
    return (await this.graph.mutate(AcknowledgeAlertDocument, variables)).acknowledgeAlert;
  }

  private setRefusal(id: string, text: string | null): void {
    this.refusals.update((all) => {
      const next = new Map(all);
      if (text === null) next.delete(id);
      else next.set(id, text);
      return next;
    });
  }
}
