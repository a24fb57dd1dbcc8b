import type { LogRecord } from '@pulsegraph/contracts';
import { LogFullError, type EventLog } from '@pulsegraph/kit/event-log';
import type { Log } from '@pulsegraph/kit/log';

/** Whoever wants to know that its records are safe. */
export interface Receipt {
  appended(): void;
}

interface Batch {
  seq: number;
  records: LogRecord[];
  receipts: Receipt[];
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Gathers what all connections bring in one turn of the event loop into one append: one promise and one round trip for
 * hundreds of messages, and no delay, because the turn ends when the sockets have been read. Batches are appended in
 * the order of arrival and many may be under way; what fails is tried again for ever, before anything newer.
 */
export class Appender {
  private records: LogRecord[] = [];
  private receipts: Receipt[] = [];
  private scheduled = false;
  private nextSeq = 0;
  private underWay = 0;
  private failed: Batch[] = [];
  private pauseMs: number;
  private readonly firstPauseMs: number;
  private retryTimer: NodeJS.Timeout | undefined;
  private stopped = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly eventLog: EventLog,
    private readonly log: Log,
    { firstPauseMs = FIRST_PAUSE_MS }: { firstPauseMs?: number } = {},
  ) {
    this.firstPauseMs = this.pauseMs = firstPauseMs;
  }

  /** True while the log refuses: callers that can be told to come back should be. */
  get failing(): boolean {
    return this.failed.length > 0;
  }

  push(records: readonly LogRecord[], receipt: Receipt): void {
    for (const record of records) this.records.push(record);
    this.receipts.push(receipt);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.flush);
  }

  private readonly flush = (): void => {
    this.scheduled = false;
    const batch = { seq: this.nextSeq++, records: this.records, receipts: this.receipts };
    this.records = [];
    this.receipts = [];
    if (this.failed.length > 0) this.failed.push(batch);
    else void this.send(batch);
  };

  private async send(batch: Batch): Promise<void> {
    this.underWay++;
    try {
      if (batch.records.length > 0) await this.eventLog.append(batch.records);
    } catch (error) {
      this.underWay--;
      this.fail(batch, error);
      return;
    }
    this.underWay--;
    this.settle(batch);
  }

  private settle(batch: Batch): void {
    for (const receipt of batch.receipts) receipt.appended();
    if (this.drained) for (const resolve of this.idle.splice(0)) resolve();
  }

  private fail(batch: Batch, error: unknown): void {
    if (this.failed.length === 0)
      this.log.warn({ err: error }, 'The event log refuses records; senders are slowed down until it takes them');
    // Batches under way at once may fail out of order.
    this.failed.push(batch);
    this.failed.sort((a, b) => a.seq - b.seq);
    this.scheduleRetry(error);
  }

  private scheduleRetry(error: unknown): void {
    if (this.retryTimer || this.stopped) return;
    const pauseMs = error instanceof LogFullError ? error.retryAfterMs : this.pauseMs;
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      void this.retry();
    }, pauseMs);
  }

  private async retry(): Promise<void> {
    // Not before all others have come back: an older one among them must go first.
    if (this.underWay > 0) return this.scheduleRetry(undefined);
    while (this.failed.length > 0 && !this.stopped) {
      const batch = this.failed[0]!;
      try {
        await this.eventLog.append(batch.records);
      } catch (error) {
        this.scheduleRetry(error);
        return;
      }
      this.failed.splice(this.failed.indexOf(batch), 1);
      this.settle(batch);
    }
    if (!this.stopped) {
      this.pauseMs = this.firstPauseMs;
      this.log.info('The event log takes records again');
    }
  }

  private get drained(): boolean {
    return !this.scheduled && this.underWay === 0 && this.failed.length === 0;
  }

  /** Resolves when everything pushed so far is in the log. */
  drain(): Promise<void> {
    return this.drained ? Promise.resolve() : new Promise((resolve) => this.idle.push(resolve));
  }

  /** Gives up what the log did not take: it was never acknowledged, so its senders still have it. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
  }
}
