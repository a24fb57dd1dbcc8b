/** Failures in a row after which a channel is left alone for a while. */
const THRESHOLD = 5;

export interface RetryPolicy {
  /** The first retry; each further one waits twice as long. */
  firstMs: number;
  longestMs: number;
  /** Counted from the first attempt. */
  giveUpAfterMs: number;
  /** How long a channel is left alone that fails again and again; doubles until it works. */
  breakMs: number;
}

export const DEFAULT_RETRIES: RetryPolicy = {
  firstMs: 2_000,
  longestMs: 300_000,
  giveUpAfterMs: 6 * 3_600_000,
  breakMs: 15_000,
};

/** Between 80 and 120 % of it, so that what failed together does not come back together. */
export function retryDelayMs({ firstMs, longestMs }: RetryPolicy, attempts: number, random: () => number = Math.random): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 30)) * (0.8 + 0.4 * random());
}

/**
 * A circuit breaker: after five failures in a row nothing is tried for a while; then one message, and only when that
 * arrives the rest.
 */
export class Breaker {
  constructor(
    private readonly policy: RetryPolicy,
    private failuresInRow: number,
    private until: number | null,
  ) {}

  get failures(): number {
    return this.failuresInRow;
  }

  get openUntilMs(): number | null {
    return this.until;
  }

  /** Only one message, to see whether it works again. */
  get probing(): boolean {
    return this.failuresInRow >= THRESHOLD;
  }

  isOpen(nowMs: number): boolean {
    return this.until !== null && this.until > nowMs;
  }

  /** @param worked Null: this says nothing about the channel, such as a recipient that does not exist. */
  record(worked: boolean | null, nowMs: number): void {
    if (worked === null) return;
    if (worked) {
      this.failuresInRow = 0;
      this.until = null;
      return;
    }
    this.failuresInRow++;
    if (this.failuresInRow < THRESHOLD) return;
    const { breakMs, longestMs } = this.policy;
    this.until = nowMs + Math.min(longestMs, breakMs * 2 ** Math.min(this.failuresInRow - THRESHOLD, 30));
  }
}
