export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  threshold?: number;
  firstPauseMs?: number;
  longestPauseMs?: number;
  now?: () => number;
}

/**
 * Keeps requests from queueing up behind a subgraph that is away: after some failures in a row they are refused at once,
 * and one at a time is let through to see whether it is back.
 */
export class CircuitBreaker {
  private failures = 0;
  private pauseMs = 0;
  private probeAtMs = 0;
  private probing = false;
  private readonly threshold: number;
  private readonly firstPauseMs: number;
  private readonly longestPauseMs: number;
  private readonly now: () => number;

  constructor({ threshold = 5, firstPauseMs = 500, longestPauseMs = 5_000, now = Date.now }: CircuitBreakerOptions = {}) {
    this.threshold = threshold;
    this.firstPauseMs = firstPauseMs;
    this.longestPauseMs = longestPauseMs;
    this.now = now;
  }

  get open(): boolean {
    return this.failures >= this.threshold;
  }

  /** Whether a request may go out now. */
  admits(): boolean {
    if (!this.open) return true;
    if (this.probing || this.now() < this.probeAtMs) return false;
    this.probing = true;
    return true;
  }

  succeeded(): void {
    this.failures = 0;
    this.pauseMs = 0;
    this.probing = false;
  }

  failed(): void {
    this.failures += 1;
    this.probing = false;
    if (!this.open) return;
    this.pauseMs = Math.min(this.pauseMs === 0 ? this.firstPauseMs : this.pauseMs * 2, this.longestPauseMs);
    this.probeAtMs = this.now() + this.pauseMs;
  }
}
