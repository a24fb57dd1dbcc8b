import type { ConsumerGroup, LogRecord } from '@pulsegraph/contracts';

/**
 * The durable way from the bridge to whoever stores or watches. At least once, in order per device.
 * Engines: memory (standalone), redis (streams), kafka; one contract test runs over all.
 */
export interface EventLog {
  /** Resolves when the records are safe; see architecture.md for what that means per engine. Rejects with LogFullError at the bound. */
  append(records: readonly LogRecord[]): Promise<void>;
  /**
   * Delivers every record to the group, once or more, in order per device. The next batch of a partition is not
   * delivered before the handler resolved. A handler that throws gets the same batch again, after a pause that grows.
   */
  consume(group: ConsumerGroup, handler: BatchHandler, options?: ConsumeOptions): Promise<LogConsumer>;
  /** Records appended and not yet handled by the group. */
  backlog(group: ConsumerGroup): Promise<number>;
  /** Answers within a second or throws: for readiness. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type BatchHandler = (batch: readonly LogEntry[]) => Promise<void>;

export interface ConsumeOptions {
  /** At most this many records per batch, default DEFAULT_MAX_BATCH_RECORDS. */
  maxBatchRecords?: number;
}

export const DEFAULT_MAX_BATCH_RECORDS = 5_000;

export interface LogConsumer {
  /** Finishes the batch in hand, gives up its partitions, delivers nothing more. */
  stop(): Promise<void>;
}

/** A record with its place: a handler may store (partition, position) in the transaction that holds its own state. */
export interface LogEntry {
  partition: number;
  /** Grows within a partition; compare with `comparePositions`. */
  position: string;
  record: LogRecord;
}

/** The log holds as much as it may: slow the sender down and try again. */
export class LogFullError extends Error {
  override readonly name = 'LogFullError';
  constructor(readonly retryAfterMs: number) {
    super(`The event log is full; try again in ${retryAfterMs} ms.`);
  }
}
