import { Component, computed, inject } from '@angular/core';
import { Clock } from '../core/clock';
import { Connection } from '../core/connection';
import { formatInstant } from '../core/format';

/** Cannot be dismissed: while it stands, nothing below it is current. */
@Component({
  selector: 'pg-connection-banner',
  template: `
    <div role="alert">
      @if (connection.state() === 'lost') {
        <p>
          @if (since(); as at) {
            Not live. Values are as of {{ at }}. Reconnecting…
          } @else {
            Pulsegraph does not answer. Values may be old.
          }
        </p>
      }
    </div>
  `,
  styles: `
    p {
      padding: 0.5rem clamp(0.5rem, 2vw, 1.5rem);
      background: var(--offline-tint);
      color: var(--offline);
      border-bottom: 1px solid currentColor;
      font-weight: 600;
    }
  `,
})
export class ConnectionBanner {
  private readonly clock = inject(Clock);
  protected readonly connection = inject(Connection);
  protected readonly since = computed(() => {
    const sinceMs = this.connection.lostSinceMs();
    return sinceMs === null ? null : formatInstant(sinceMs, this.clock.now());
  });
}
