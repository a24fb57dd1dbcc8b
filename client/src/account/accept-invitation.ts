import { Component, inject } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Attempt } from '../core/attempt';
import { formOf, secret, text } from '../core/form-values';
import { Graph } from '../core/graph';
import { Session } from '../core/session';
import { EntryCard } from './entry-card';
import { takeLinkToken } from './link-token';
import { AcceptInvitationDocument, EndIssuedSessionDocument } from './account.generated';

/** Behind the link of an invitation: a name, a password, and in. */
@Component({
  selector: 'pg-accept-invitation',
  imports: [EntryCard, RouterLink],
  template: `
    <pg-entry-card heading="Welcome to Pulsegraph" lead="Say who you are and choose a password.">
      @if (token) {
        <form class="form" (submit)="submit($event)">
          <label class="field">
            <span>Your name</span>
            <input name="displayName" autocomplete="name" maxlength="200" required />
          </label>
          <label class="field">
            <span>Password</span>
            <input type="password" name="password" autocomplete="new-password" required />
            <small>At least 12 characters that nobody would guess from your name or this place.</small>
          </label>
          @if (attempt.refusal(); as text) {
            <p class="error-text" role="alert">{{ text }}</p>
          }
          <button type="submit" class="primary" [attr.aria-disabled]="attempt.busy()">Join</button>
        </form>
      } @else {
        <p role="alert">This link is not complete. Open it from the e-mail once more, or ask for another invitation.</p>
      }
      <p><a class="muted" routerLink="/sign-in">Sign in instead</a></p>
    </pg-entry-card>
  `,
})
export class AcceptInvitation {
  private readonly graph = inject(Graph);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  protected readonly token = takeLinkToken();
  protected readonly attempt = new Attempt();

  protected async submit(event: Event): Promise<void> {
    const form = formOf(event);
    const password = secret(form, 'password');
    const { token } = this;
    if (!token) return;
    const done = await this.attempt.run(async () => {
      const variables = { token, displayName: text(form, 'displayName'), password };
      const { refreshToken, viewer } = (await this.graph.mutate(AcceptInvitationDocument, variables)).acceptInvitation;
      // That session's token is in reach of scripts; this browser begins one of its own, whose token is not.
      await this.graph.mutate(EndIssuedSessionDocument, { refreshToken }).catch(() => undefined);
      await this.session.signIn(viewer.user?.email ?? '', password);
    });
    if (done) await this.router.navigateByUrl('/', { replaceUrl: true });
  }
}
