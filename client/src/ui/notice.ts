import { Component, input, output } from '@angular/core';

/** What stands where data would: loading, nothing there, or why not. */
@Component({
  selector: 'pg-notice',
  host: { class: 'panel', '[attr.role]': 'kind() === "error" ? "alert" : "status"' },
  template: `
    <p>{{ text() }}</p>
    <ng-content />
    @if (kind() === 'error' && retryable()) {
      <button type="button" (click)="again.emit()">Try again</button>
    }
  `,
  styles: `
    :host {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 0.75rem;
      padding: 1rem;
      color: var(--muted);
    }
    :host([role='alert']) {
      color: var(--text);
      border-left: 4px solid var(--critical);
    }
  `,
})
export class Notice {
  readonly kind = input<'loading' | 'empty' | 'error'>('empty');
  readonly text = input.required<string>();
  readonly retryable = input(true);
  readonly again = output();
}
