import { setTimeout as sleep } from 'node:timers/promises';
import type { LogRecord } from '@pulsegraph/contracts';
import type { Log } from '../../log/index.js';
import { LogFullError } from '../event-log.js';
import type { PartitionKeys } from './keys.js';
import type { LogScripts } from './scripts.js';

const MAX_ENTRY_RECORDS = 500;
const MAX_ENTRY_CHARACTERS = 512 * 1024;
const RETRY_PAUSE_MS = 100;
export const FULL_RETRY_AFTER_MS = 1_000;

interface Piece {
  json: string;
  count: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * Writes one partition. While one entry is on its way, whatever is appended collects for the next, so that a busy bridge
 * writes few large entries and an idle one writes at once. One entry at a time, so that a retry cannot overtake.
 */
export class PartitionAppender {
  private waiting: Piece[] = [];
  private flushing = false;
  private closed: Error | null = null;
  /** Characters that no Redis has confirmed yet. */
  pendingCharacters = 0;

  constructor(
    private readonly scripts: LogScripts,
    private readonly keys: PartitionKeys,
    private readonly log: Log | undefined,
  ) {}

  append(records: readonly LogRecord[]): Promise<void> {
    const json = records.map((record) => JSON.stringify(record)).join(',');
    this.pendingCharacters += json.length;
    return new Promise((resolve, reject) => {
      this.waiting.push({ json, count: records.length, resolve, reject });
      if (!this.flushing) void this.flush();
    });
  }

  close(error: Error): void {
    this.closed = error;
    this.settle(this.waiting.splice(0), error);
  }

  private async flush(): Promise<void> {
    this.flushing = true;
    // Appends of the same turn of the event loop travel together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const pieces = this.takeEntry();
      this.settle(pieces, await this.write(pieces));
    }
    this.flushing = false;
  }

  private takeEntry(): Piece[] {
    let count = 0;
    let characters = 0;
    let end = 0;
    for (const piece of this.waiting) {
      count += piece.count;
      characters += piece.json.length;
      // A piece that is larger than an entry should be goes alone.
      if (end > 0 && (count > MAX_ENTRY_RECORDS || characters > MAX_ENTRY_CHARACTERS)) break;
      end++;
    }
    return this.waiting.splice(0, end);
  }

  /** Until Redis has it, however long it is away: then some of it may be there twice, which is what "at least once" allows. */
  private async write(pieces: readonly Piece[]): Promise<Error | null> {
    const json = `[${pieces.map((piece) => piece.json).join(',')}]`;
    const count = pieces.reduce((sum, piece) => sum + piece.count, 0);
    for (;;) {
      if (this.closed) return this.closed;
      try {
        await this.scripts.append(this.keys, json, count);
        return null;
      } catch (error) {
        if (error instanceof Error && error.message.includes('OOM')) return new LogFullError(FULL_RETRY_AFTER_MS);
        if (!this.closed) this.log?.warn({ err: error, records: count }, 'Appending to the event log failed; trying again');
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  private settle(pieces: readonly Piece[], error: Error | null): void {
    for (const piece of pieces) {
      this.pendingCharacters -= piece.json.length;
      if (error) piece.reject(error);
      else piece.resolve();
    }
  }
}
