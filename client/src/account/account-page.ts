import { Component, inject, signal } from '@angular/core';
import { Attempt } from '../core/attempt';
import { words } from '../core/format';
import { Graph } from '../core/graph';
import { Session } from '../core/session';
import { Instant } from '../ui/instant';
import { Notice } from '../ui/notice';
import { AccountDocument, type AccountQuery } from './account.generated';
import { PasswordForm } from './password-form';
import { SecondFactor } from './second-factor';
import { SessionList } from './session-list';

type Person = NonNullable<NonNullable<AccountQuery['viewer']>['user']>;

/** Oneself: who the platform thinks this is, and the keys to it. */
@Component({
  selector: 'pg-account-page',
  imports: [Instant, Notice, PasswordForm, SecondFactor, SessionList],
  templateUrl: './account-page.html',
})
export class AccountPage {
  private readonly graph = inject(Graph);
  protected readonly session = inject(Session);
  protected readonly words = words;
  protected readonly person = signal<Person | null>(null);
  protected readonly loading = new Attempt();
  /** Counts what may have ended sessions. */
  protected readonly keysChanged = signal(0);

  constructor() {
    void this.load();
  }

  protected async load(): Promise<void> {
    await this.loading.run(async () => {
      const { data } = await this.graph.query(AccountDocument, {});
      this.person.set(data.viewer?.user ?? null);
    });
  }
}
