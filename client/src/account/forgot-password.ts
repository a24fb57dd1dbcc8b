import { Component, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Attempt } from '../core/attempt';
import { formOf, text } from '../core/form-values';
import { Graph } from '../core/graph';
import { EntryCard } from './entry-card';
import { RequestPasswordResetDocument } from './account.generated';

/** Says the same for every address: whether it has an account shows in its mailbox alone. */
@Component({
  selector: 'pg-forgot-password',
  imports: [EntryCard, RouterLink],
  template: `
    <pg-entry-card heading="Forgot the password" lead="A link to choose a new one comes by e-mail.">
      @if (sentTo(); as email) {
        <p role="status">If {{ email }} has an account here, a link is on its way. It is good for an hour.</p>
      } @else {
        <form class="form" (submit)="submit($event)">
          <label class="field">
            <span>E-mail</span>
            <input type="email" name="email" autocomplete="username" required />
          </label>
          @if (attempt.refusal(); as text) {
            <p class="error-text" role="alert">{{ text }}</p>
          }
          <button type="submit" class="primary" [attr.aria-disabled]="attempt.busy()">Send the link</button>
        </form>
      }
      <p><a class="muted" routerLink="/sign-in">Back to sign-in</a></p>
    </pg-entry-card>
  `,
})
export class ForgotPassword {
  private readonly graph = inject(Graph);
  protected readonly attempt = new Attempt();
  protected readonly sentTo = signal<string | null>(null);

  protected async submit(event: Event): Promise<void> {
    const email = text(formOf(event), 'email');
    if (await this.attempt.run(() => this.graph.mutate(RequestPasswordResetDocument, { email }))) this.sentTo.set(email);
  }
}
