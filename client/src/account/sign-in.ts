import { afterRenderEffect, Component, ElementRef, inject, input, signal, viewChild } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Attempt } from '../core/attempt';
import { hasCode } from '../core/faults';
import { formOf, secret, text } from '../core/form-values';
import { Session } from '../core/session';
import { EntryCard } from './entry-card';

@Component({
  selector: 'pg-sign-in',
  imports: [EntryCard, RouterLink],
  templateUrl: './sign-in.html',
})
export class SignIn {
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly otp = viewChild<ElementRef<HTMLInputElement>>('otp');
  /** Where to go afterwards; from the address. */
  readonly to = input<string>();
  protected readonly attempt = new Attempt({ MFA_REQUIRED: 'Now the one-time password from your authenticator app, or a recovery code.' });
  /** The password was right, and a second factor stands behind it. */
  protected readonly asksOtp = signal(false);
  /** A one-time password was sent. */
  protected readonly tried = signal(false);

  constructor() {
    afterRenderEffect(() => this.otp()?.nativeElement.focus());
  }

  protected async submit(event: Event): Promise<void> {
    const form = formOf(event);
    const otp = text(form, 'otp');
    this.tried.set(otp !== '');
    const done = await this.attempt.run(async () => {
      try {
        await this.session.signIn(text(form, 'email'), secret(form, 'password'), otp || undefined);
      } catch (error) {
        if (hasCode(error, 'MFA_REQUIRED')) this.asksOtp.set(true);
        throw error;
      }
    });
    // Our own paths alone: `//elsewhere` would be another site.
    const to = this.to();
    if (done) await this.router.navigateByUrl(to?.startsWith('/') && !to.startsWith('//') ? to : '/', { replaceUrl: true });
  }
}
