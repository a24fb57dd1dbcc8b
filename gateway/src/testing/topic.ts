import { PushIterator } from '../subgraph-client/push-iterator.js';

/** A stream of a test subgraph: published to by the test, and counted. Events carry the cursor `c<n>`, n from 1. */
export class Topic<T extends object> {
  private readonly readers = new Set<PushIterator<T & { cursor: string }>>();
  private readonly log: (T & { cursor: string })[] = [];
  /** Subscriptions ever opened, with the cursor they asked for. */
  readonly opened: (string | null)[] = [];

  get open(): number {
    return this.readers.size;
  }

  publish(event: T): string {
    const stored = { ...event, cursor: `c${this.log.length + 1}` };
    this.log.push(stored);
    for (const reader of this.readers) reader.push(stored);
    return stored.cursor;
  }

  /** Replays what came after the cursor, then goes on live. */
  subscribe(after: string | null = null): AsyncIterableIterator<T & { cursor: string }> {
    this.opened.push(after);
    const reader = new PushIterator<T & { cursor: string }>((): void => void this.readers.delete(reader));
    if (after !== null) for (const event of this.log.slice(Number(after.slice(1)))) reader.push(event);
    this.readers.add(reader);
    return reader;
  }

  /** The subgraph ends the stream. */
  complete(): void {
    for (const reader of this.readers) reader.end();
    this.readers.clear();
  }

  /** The connection is gone without a word, as when the process is killed. */
  forget(): void {
    this.readers.clear();
  }
}
