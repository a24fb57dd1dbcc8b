import { computed, inject, Injectable, signal } from '@angular/core';
import { Clock } from './clock';

export type SocketState = 'idle' | 'connecting' | 'open' | 'lost';
export type ConnectionState = 'live' | 'connecting' | 'lost';

/** Shorter breaks than this are mended before anybody needs to hear of them. */
const SAY_AFTER_MS = 1_000;
const PROBE_EVERY_MS = 3_000;

/**
 * Whether what is on the screen is current, in two of three levels: the socket that carries live data, and the gateway's
 * answers over HTTP. The third, the devices themselves, is data (`fleetStatus`).
 */
@Injectable({ providedIn: 'root' })
export class Connection {
  private readonly clock = inject(Clock);
  private sayTimer: ReturnType<typeof setTimeout> | undefined;
  private probeTimer: ReturnType<typeof setTimeout> | undefined;

  readonly socket = signal<SocketState>('idle');
  /** When live data last flowed; ms since 1970, by the platform's clock. */
  readonly lostSinceMs = signal<number | null>(null);
  readonly gatewayAnswers = signal(true);
  /** Counts sockets opened after a break: whoever keeps no cursor catches up on a change. */
  readonly reopened = signal(0);

  readonly state = computed<ConnectionState>(() => {
    if (this.lostSinceMs() !== null || !this.gatewayAnswers()) return 'lost';
    return this.socket() === 'open' ? 'live' : 'connecting';
  });

  answered(answers: boolean): void {
    this.gatewayAnswers.set(answers);
    if (answers) {
      clearTimeout(this.probeTimer);
      this.probeTimer = undefined;
    } else {
      // A page that asks for nothing more would never hear that the gateway is back.
      this.probeTimer ??= setTimeout(() => void this.probe(), PROBE_EVERY_MS);
    }
  }

  connecting(retrying: boolean): void {
    if (!retrying) this.socket.set('connecting');
  }

  opened(): void {
    clearTimeout(this.sayTimer);
    this.sayTimer = undefined;
    if (this.socket() === 'lost') this.reopened.update((n) => n + 1);
    this.socket.set('open');
    this.lostSinceMs.set(null);
  }

  closed(wanted: boolean): void {
    if (wanted) {
      clearTimeout(this.sayTimer);
      this.sayTimer = undefined;
      this.socket.set('idle');
      this.lostSinceMs.set(null);
      return;
    }
    this.socket.set('lost');
    const sinceMs = this.clock.nowMs();
    this.sayTimer ??= setTimeout(() => this.lostSinceMs.set(sinceMs), SAY_AFTER_MS);
  }

  private async probe(): Promise<void> {
    const answers = await fetch('/health/live').then(
      ({ ok }) => ok,
      () => false,
    );
    this.probeTimer = undefined;
    if (!this.gatewayAnswers()) this.answered(answers);
  }
}
