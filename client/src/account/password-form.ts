import { Component, inject, input, output, signal } from '@angular/core';
import { Attempt } from '../core/attempt';
import { formOf, secret } from '../core/form-values';
import { Graph } from '../core/graph';
import { ChangePasswordDocument } from './account.generated';

@Component({
  selector: 'pg-password-form',
  template: `
    <section class="panel section" aria-labelledby="password-head">
      <h2 id="password-head">Password</h2>
      <form class="form" (submit)="submit($event)">
        <!-- Password managers file the new password under this name. -->
        <input type="email" autocomplete="username" hidden [value]="email()" />
        <label class="field">
          <span>Current password</span>
          <input name="current" type="password" autocomplete="current-password" required />
        </label>
        <label class="field">
          <span>New password</span>
          <input name="next" type="password" autocomplete="new-password" required />
          <small>At least 12 characters that nobody would guess from your name or this place.</small>
        </label>
        @if (attempt.refusal(); as text) {
          <p class="error-text" role="alert">{{ text }}</p>
        }
        <div class="actions">
          <button type="submit" [attr.aria-disabled]="attempt.busy()">Change password</button>
          <span role="status" class="muted">{{ done() ? 'Changed. Every other session has ended.' : '' }}</span>
        </div>
      </form>
    </section>
  `,
})
export class PasswordForm {
  private readonly graph = inject(Graph);
  readonly email = input.required<string>();
  readonly changed = output();
  protected readonly attempt = new Attempt({ INVALID_CREDENTIALS: 'The current password is wrong.' });
  protected readonly done = signal(false);

  protected async submit(event: Event): Promise<void> {
    const form = formOf(event);
    this.done.set(false);
    const variables = { current: secret(form, 'current'), next: secret(form, 'next') };
    if (!(await this.attempt.run(() => this.graph.mutate(ChangePasswordDocument, variables)))) return;
    (event.target as HTMLFormElement).reset();
    this.done.set(true);
    this.changed.emit();
  }
}
