import type { LiveBus } from '../live-bus/index.js';
import type { Log } from '../log/index.js';

export interface FeedFollowerOptions {
  /** For the log. */
  name: string;
  /** Fetches and applies one page. True: there may be more at once. */
  step: () => Promise<boolean>;
  bus: LiveBus;
  /** A message here means that there is something new. */
  channel: string;
  /** How often to look regardless, since the bus may lose messages. */
  pollMs: number;
  log: Log;
}

const FIRST_RETRY_MS = 100;

/** Follows a feed for ever: on every wake-up, every `pollMs`, and through outages of whoever serves it. */
export class FeedFollower {
  private readonly startedAtMs = performance.now();
  private answeredAtMs: number | null = null;
  private failures = 0;
  private stopping = false;
  private wakeUp: (() => void) | null = null;
  /** Something was announced while a page was being fetched. */
  private dirty = false;
  private running: Promise<void> | null = null;
  private subscription: Promise<number | null> = Promise.resolve(null);

  constructor(private readonly options: FeedFollowerOptions) {}

  /** Milliseconds since the feed last answered, or since this follower was made. */
  get ageMs(): number {
    return Math.round(performance.now() - (this.answeredAtMs ?? this.startedAtMs));
  }

  /** Resolves when everything there was has been applied for the first time, or on stop. */
  start(): Promise<void> {
    const { bus, channel, log, name } = this.options;
    // Not awaited: while the bus is away, polling does.
    this.subscription = bus
      .subscribe(channel, () => this.wake())
      .catch((error: unknown) => {
        log.warn({ err: error, feed: name }, 'No wake-ups for this feed; it is polled');
        return null;
      });
    return new Promise((caughtUp) => {
      this.running = this.run(caughtUp);
    });
  }

  /** Looks now. */
  wake(): void {
    this.dirty = true;
    this.wakeUp?.();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp?.();
    await this.running;
    // A subscription that the bus never confirmed must not keep us here.
    void this.subscription.then((subscription) => {
      if (subscription !== null) this.options.bus.unsubscribe(subscription);
    });
  }

  private async run(caughtUp: () => void): Promise<void> {
    while (!this.stopping) {
      this.dirty = false;
      const ok = await this.catchUp();
      if (ok) caughtUp();
      if (this.stopping || (ok && this.dirty)) continue;
      const { pollMs } = this.options;
      await this.pause(ok ? pollMs : Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), pollMs));
    }
    caughtUp();
  }

  private async catchUp(): Promise<boolean> {
    const { step, log, name } = this.options;
    try {
      while ((await step()) && !this.stopping);
      this.answeredAtMs = performance.now();
      if (this.failures > 0) log.info({ feed: name }, 'The feed answers again');
      this.failures = 0;
      return true;
    } catch (error) {
      // One line per outage, not per attempt.
      if (this.failures++ === 0) log.warn({ err: error, feed: name }, 'The feed does not answer; the last copy stays in use');
      return false;
    }
  }

  private pause(pauseMs: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    }).then(() => {
      this.wakeUp = null;
    });
  }
}
