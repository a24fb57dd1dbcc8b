import { Component, computed, inject, input, output, signal } from '@angular/core';
import { Attempt } from '../core/attempt';
import { formOf, secret, text } from '../core/form-values';
import { Graph } from '../core/graph';
import { CopyText } from '../ui/copy-text';
import { Modal } from '../ui/modal';
import { ConfirmMfaDocument, DisableMfaDocument, EnrollMfaDocument, type EnrollMfaMutation } from './account.generated';
import { QrCode } from './qr-code';

/** A one-time password from an app, beside the password: set up in two steps, so that nobody locks themselves out. */
@Component({
  selector: 'pg-second-factor',
  imports: [CopyText, Modal, QrCode],
  templateUrl: './second-factor.html',
  styleUrl: './second-factor.css',
})
export class SecondFactor {
  private readonly graph = inject(Graph);
  readonly enabled = input.required<boolean>();
  readonly changed = output();
  protected readonly attempt = new Attempt({
    INVALID_CREDENTIALS: 'The password or the digits are wrong. Digits change every half minute.',
  });
  protected readonly enrolment = signal<EnrollMfaMutation['enrollMfa'] | null>(null);
  protected readonly removing = signal(false);
  /** For whoever cannot point a camera at the screen. */
  protected readonly key = computed(() => new URL(this.enrolment()?.otpauthUrl ?? 'otpauth:').searchParams.get('secret') ?? '');
  protected readonly codes = computed(() => this.enrolment()?.recoveryCodes.join('\n') ?? '');

  protected async begin(): Promise<void> {
    await this.attempt.run(async () => this.enrolment.set((await this.graph.mutate(EnrollMfaDocument, {})).enrollMfa));
  }

  protected confirm(event: Event): Promise<void> {
    const otp = text(formOf(event), 'otp');
    return this.finish(() => this.graph.mutate(ConfirmMfaDocument, { otp }));
  }

  protected remove(event: Event): Promise<void> {
    const form = formOf(event);
    const variables = { password: secret(form, 'password'), otp: text(form, 'otp') };
    return this.finish(() => this.graph.mutate(DisableMfaDocument, variables));
  }

  protected close(): void {
    this.enrolment.set(null);
    this.removing.set(false);
    this.attempt.refusal.set(null);
  }

  private async finish(work: () => Promise<unknown>): Promise<void> {
    if (!(await this.attempt.run(work))) return;
    this.close();
    this.changed.emit();
  }
}
