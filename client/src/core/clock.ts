import { Injectable, signal } from '@angular/core';

/** Below this a difference is the network's, or the whole seconds of an HTTP date. */
const IGNORED_SKEW_MS = 2_500;

/**
 * One clock for every age on the screen, ticking once a second and set by the server: with a browser clock two minutes
 * off, every live value would look stale, or nothing ever would.
 */
@Injectable({ providedIn: 'root' })
export class Clock {
  private skewMs = 0;
  /** Milliseconds since 1970, by the platform's clock; changes once a second. */
  readonly now = signal(Date.now());

  constructor() {
    setInterval(() => this.tick(), 1_000);
    document.addEventListener('visibilitychange', () => this.tick());
  }

  /** For this instant, not the last tick. */
  nowMs(): number {
    return Date.now() + this.skewMs;
  }

  setFrom(serverNowMs: number): void {
    const skewMs = serverNowMs - Date.now();
    this.skewMs = Math.abs(skewMs) > IGNORED_SKEW_MS ? skewMs : 0;
    this.tick();
  }

  private tick(): void {
    this.now.set(this.nowMs());
  }
}
