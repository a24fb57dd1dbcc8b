import type { Log } from '../log/index.js';
import type { AuditOutbox } from './outbox.js';
import type { AuditSink } from './sink.js';

const BATCH = 500;
const POLL_MS = 1_000;

/**
 * Brings what waits in the outbox to the trail, at once when nudged and every second for what another process left. Two
 * that bring the same record do no harm: the trail keeps it once.
 */
export class AuditRelay {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly outbox: AuditOutbox,
    private readonly sink: AuditSink,
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.nudge(), POLL_MS);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.nudge();
  }

  /** The trail does not answer just now: no use in waiting for it. */
  get away(): boolean {
    return this.failing;
  }

  /** Resolves when all that waited at the call has been tried. */
  nudge(): Promise<void> {
    if (!this.running) return (this.running = this.pass());
    // A pass that has begun may have read before the caller wrote.
    this.next ??= this.running.then(() => {
      this.next = undefined;
      return (this.running = this.pass());
    });
    return this.next;
  }

  private async pass(): Promise<void> {
    try {
      for (;;) {
        const waiting = await this.outbox.waiting(BATCH);
        if (waiting.length === 0) break;
        await this.sink.deliver(waiting.map(({ record }) => record));
        await this.outbox.forget(waiting.flatMap(({ seqs }) => seqs));
        if (waiting.length < BATCH) break;
      }
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.log.warn({ err: error }, 'The audit trail cannot be reached; records wait in the outbox');
      this.failing = true;
    } finally {
      this.running = undefined;
    }
  }
}
