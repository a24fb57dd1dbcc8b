import { Component, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Attempt } from '../core/attempt';
import { formOf, secret } from '../core/form-values';
import { Graph } from '../core/graph';
import { EntryCard } from './entry-card';
import { takeLinkToken } from './link-token';
import { ResetPasswordDocument } from './account.generated';

/** Behind the link of a password mail. */
@Component({
  selector: 'pg-reset-password',
  imports: [EntryCard, RouterLink],
  template: `
    <pg-entry-card heading="New password" lead="Every session of the account ends; a second factor stays.">
      @if (done()) {
        <p role="status">The password is changed.</p>
        <a class="button primary" routerLink="/sign-in">Sign in</a>
      } @else if (!token) {
        <p role="alert">This link is not complete. Open it from the e-mail once more, or ask for a new one.</p>
        <p><a routerLink="/forgot-password">Ask for a new link</a></p>
      } @else {
        <form class="form" (submit)="submit($event)">
          <label class="field">
            <span>New password</span>
            <input type="password" name="password" autocomplete="new-password" required />
            <small>At least 12 characters that nobody would guess from your name or this place.</small>
          </label>
          @if (attempt.refusal(); as text) {
            <p class="error-text" role="alert">{{ text }}</p>
            <p><a routerLink="/forgot-password">Ask for a new link</a></p>
          }
          <button type="submit" class="primary" [attr.aria-disabled]="attempt.busy()">Change the password</button>
        </form>
      }
    </pg-entry-card>
  `,
})
export class ResetPassword {
  private readonly graph = inject(Graph);
  protected readonly token = takeLinkToken();
  protected readonly attempt = new Attempt();
  protected readonly done = signal(false);

  protected async submit(event: Event): Promise<void> {
    const password = secret(formOf(event), 'password');
    const { token } = this;
    if (!token) return;
    this.done.set(await this.attempt.run(() => this.graph.mutate(ResetPasswordDocument, { token, password })));
  }
}
