import { Component, computed, input } from '@angular/core';
import type { Severity } from '@pulsegraph/contracts';
import { words } from '../core/format';

/** Severity three times over: shape, colour and word. Without one it says so quietly. */
@Component({
  selector: 'pg-severity-mark',
  host: { '[class]': 'severity()?.toLowerCase() ?? "none"' },
  template: `
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      @switch (severity()) {
        @case ('CRITICAL') {
          <path d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5z" fill="currentColor" />
          <path d="M8 3.6v5.4M8 10.8v1.8" stroke="var(--panel)" stroke-width="2" />
        }
        @case ('HIGH') {
          <path d="M8 1 15.6 14.6H.4z" fill="currentColor" />
        }
        @case ('MEDIUM') {
          <path d="M8 .8 15.2 8 8 15.2.8 8z" fill="currentColor" />
        }
        @case ('LOW') {
          <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="3" />
        }
        @default {
          <path d="M4 8h8" stroke="currentColor" stroke-width="1.5" />
        }
      }
    </svg>
    <span>{{ text() }}</span>
  `,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 0.4rem;
      font-weight: 600;
      white-space: nowrap;
    }
    svg {
      flex: none;
    }
    :host(.critical) {
      color: var(--critical);
    }
    :host(.high) {
      color: var(--high);
    }
    :host(.medium) {
      color: var(--medium);
    }
    :host(.low) {
      color: var(--low);
    }
    :host(.none) {
      color: var(--muted);
      font-weight: 400;
    }
  `,
})
export class SeverityMark {
  readonly severity = input.required<Severity | null>();
  protected readonly text = computed(() => {
    const severity = this.severity();
    return severity === null ? 'Normal' : words(severity);
  });
}
