import { Component, inject, input, signal } from '@angular/core';
import { Router } from '@angular/router';
import { errorText } from '../core/error-text';
import { Session } from '../core/session';

@Component({
  selector: 'pg-sign-in',
  templateUrl: './sign-in.html',
  styleUrl: './sign-in.css',
})
export class SignIn {
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  /** Where to go afterwards; from the address. */
  readonly to = input<string>();
  protected readonly busy = signal(false);
  protected readonly refusal = signal<string | null>(null);

  protected async submit(event: Event, email: string, password: string): Promise<void> {
    event.preventDefault();
    if (this.busy()) return;
    this.busy.set(true);
    this.refusal.set(null);
    try {
      await this.session.signIn(email.trim(), password);
      // Our own paths alone: `//elsewhere` would be another site.
      const to = this.to();
      await this.router.navigateByUrl(to?.startsWith('/') && !to.startsWith('//') ? to : '/', { replaceUrl: true });
    } catch (error) {
      this.refusal.set(errorText(error));
    } finally {
      this.busy.set(false);
    }
  }
}
