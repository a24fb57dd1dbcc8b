import { Component, computed, input } from '@angular/core';
import type { Connectivity } from '@pulsegraph/contracts';

const TEXT: Readonly<Record<Connectivity, string>> = { ONLINE: 'Online', OFFLINE: 'Offline', NEVER_SEEN: 'Never seen' };

/** "Cannot measure" has a colour of its own: it is no alarm about the process, and no good news either. */
@Component({
  selector: 'pg-connectivity-mark',
  host: { '[class]': 'connectivity().toLowerCase()' },
  template: `
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      @switch (connectivity()) {
        @case ('ONLINE') {
          <circle cx="8" cy="8" r="4" fill="currentColor" />
        }
        @case ('OFFLINE') {
          <path d="M2.5 2.5l11 11M13.5 2.5l-11 11" stroke="currentColor" stroke-width="2.4" />
        }
        @default {
          <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.6 2" />
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
      white-space: nowrap;
      color: var(--muted);
    }
    :host(.offline) {
      color: var(--offline);
      font-weight: 600;
    }
  `,
})
export class ConnectivityMark {
  readonly connectivity = input.required<Connectivity>();
  protected readonly text = computed(() => TEXT[this.connectivity()]);
}
