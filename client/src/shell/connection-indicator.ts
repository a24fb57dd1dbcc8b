import { Component, computed, inject } from '@angular/core';
import { Connection } from '../core/connection';
import { DeviceFeed } from '../core/device-feed';
import { Dismissable } from '../ui/dismissable';

const TEXT = { live: 'Live', connecting: 'Connecting', lost: 'Not live' } as const;
const SOCKET = { idle: 'not needed', connecting: 'connecting', open: 'connected', lost: 'lost, reconnecting' } as const;

/** Three levels, each of which can fail alone: this browser's socket, the gateway behind it, the devices behind that. */
@Component({
  selector: 'pg-connection-indicator',
  imports: [Dismissable],
  template: `
    <details pgDismissable data-testid="connection" [attr.data-state]="connection.state()">
      <summary [attr.aria-label]="'Connection: ' + text()">
        <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          @switch (connection.state()) {
            @case ('live') {
              <circle cx="8" cy="8" r="4" fill="currentColor" />
            }
            @case ('connecting') {
              <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="4 3" />
            }
            @default {
              <path d="M2.5 2.5l11 11M13.5 2.5l-11 11" stroke="currentColor" stroke-width="2.4" />
            }
          }
        </svg>
        <span>{{ text() }}</span>
      </summary>
      <dl class="sheet">
        <dt>Live data</dt>
        <dd>{{ socket() }}</dd>
        <dt>Gateway</dt>
        <dd>{{ connection.gatewayAnswers() ? 'answers' : 'does not answer' }}</dd>
        <dt>Devices</dt>
        <dd>
          @if (devices.fleet(); as fleet) {
            {{ fleet.online }} of {{ fleet.total }} online
          } @else {
            unknown
          }
        </dd>
      </dl>
    </details>
  `,
  styles: `
    details {
      position: relative;
    }
    summary {
      display: flex;
      align-items: center;
      gap: 0.4rem;
      min-height: 2.75rem;
      padding: 0 0.25rem;
      cursor: pointer;
      list-style: none;
      color: var(--muted);
    }
    summary::-webkit-details-marker {
      display: none;
    }
    [data-state='lost'] summary {
      color: var(--offline);
      font-weight: 600;
    }
    .sheet {
      position: absolute;
      right: 0;
      top: 100%;
      width: 15rem;
      display: grid;
      grid-template-columns: auto 1fr;
      gap: 0.35rem 1rem;
      padding: 0.75rem 1rem;
      background: var(--panel);
      border: 1px solid var(--line-strong);
      border-radius: var(--radius);
      box-shadow: 0 8px 24px #0003;
    }
    dt {
      color: var(--muted);
    }
  `,
})
export class ConnectionIndicator {
  protected readonly connection = inject(Connection);
  protected readonly devices = inject(DeviceFeed);
  protected readonly text = computed(() => TEXT[this.connection.state()]);
  protected readonly socket = computed(() => SOCKET[this.connection.socket()]);
}
