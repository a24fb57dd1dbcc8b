import { Component, effect, inject, input, signal, untracked } from '@angular/core';
import { Attempt } from '../core/attempt';
import { Graph } from '../core/graph';
import { Session } from '../core/session';
import { Age } from '../ui/age';
import { Confirm } from '../ui/confirm';
import { Instant } from '../ui/instant';
import { EndSessionDocument, SessionsDocument, type SessionsQuery } from './account.generated';
import { browserName } from './browser-name';

/** Where somebody with this account is signed in. */
@Component({
  selector: 'pg-session-list',
  imports: [Age, Confirm, Instant],
  templateUrl: './session-list.html',
})
export class SessionList {
  private readonly graph = inject(Graph);
  private readonly session = inject(Session);
  /** Whatever may have ended sessions changes it. */
  readonly stale = input(0);
  protected readonly sessions = signal<SessionsQuery['sessions'] | null>(null);
  protected readonly attempt = new Attempt();
  protected readonly leaving = signal(false);
  protected readonly browserName = browserName;

  constructor() {
    effect(() => {
      this.stale();
      untracked(() => void this.load());
    });
  }

  protected async load(): Promise<void> {
    await this.attempt.run(() => this.read());
  }

  protected async end(id: string): Promise<void> {
    await this.attempt.run(async () => {
      await this.graph.mutate(EndSessionDocument, { id });
      await this.read();
    });
  }

  protected async leave(): Promise<void> {
    await this.attempt.run(() => this.session.signOutEverywhere());
  }

  private async read(): Promise<void> {
    this.sessions.set((await this.graph.query(SessionsDocument, {})).data.sessions);
  }
}
