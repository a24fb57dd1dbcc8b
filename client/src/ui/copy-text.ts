import { Component, input, signal } from '@angular/core';

const SAID_FOR_MS = 2_000;

/** Text to take away: shown whole, selected with one click, copied with one button. */
@Component({
  selector: 'pg-copy-text',
  template: `
    <span class="label">{{ label() }}</span>
    <span class="row">
      <code tabindex="0" role="textbox" aria-readonly="true" [attr.aria-label]="label()">{{ text() }}</code>
      <button type="button" class="small" (click)="copy()">{{ copied() ? 'Copied' : 'Copy' }}</button>
    </span>
    <span class="visually-hidden" role="status">{{ copied() ? label() + ' copied' : '' }}</span>
  `,
  styles: `
    :host {
      display: grid;
      gap: 0.25rem;
      min-width: 0;
    }
    .row {
      display: flex;
      gap: 0.5rem;
      align-items: start;
    }
    code {
      flex: 1;
      min-width: 0;
      padding: 0.35rem 0.6rem;
      overflow-wrap: anywhere;
      white-space: pre-line;
      user-select: all;
      background: var(--raised);
      border: 1px solid var(--line);
      border-radius: var(--radius);
    }
  `,
})
export class CopyText {
  readonly label = input.required<string>();
  readonly text = input.required<string>();
  protected readonly copied = signal(false);

  protected async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text());
      this.copied.set(true);
      setTimeout(() => this.copied.set(false), SAID_FOR_MS);
    } catch {
      // No clipboard outside a secure context; the text is selectable.
    }
  }
}
