import { Component, input, output, viewChild } from '@angular/core';
import { Modal } from './modal';

/** Asks before what cannot be taken back, or reaches others. */
@Component({
  selector: 'pg-confirm',
  imports: [Modal],
  template: `
    <pg-modal [heading]="heading()" (closed)="closed.emit()">
      <ng-content />
      @if (refusal(); as text) {
        <p class="error-text" role="alert">{{ text }}</p>
      }
      <div class="actions">
        <button type="button" class="primary" [attr.aria-disabled]="busy()" (click)="busy() || confirmed.emit()">{{ verb() }}</button>
        <button type="button" (click)="modal().close()">Cancel</button>
      </div>
    </pg-modal>
  `,
})
export class Confirm {
  protected readonly modal = viewChild.required(Modal);
  readonly heading = input.required<string>();
  readonly verb = input.required<string>();
  readonly busy = input(false);
  readonly refusal = input<string | null>(null);
  readonly confirmed = output();
  readonly closed = output();
}
