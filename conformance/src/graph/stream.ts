import type { Signal } from '../suite/waits.js';

export interface StreamEvent {
  cursor: string;
  seq: number;
  [field: string]: unknown;
}

type Step = IteratorResult<StreamEvent, undefined>;
const DONE: Step = { value: undefined, done: true };

/** One subscription at the subgraph. */
class Reader implements AsyncIterableIterator<StreamEvent> {
  private readonly queue: StreamEvent[];
  private over: { error?: Error } | undefined;
  private waiting: { resolve: (step: Step) => void; reject: (error: Error) => void } | undefined;

  constructor(
    replay: readonly StreamEvent[],
    private readonly onReturn: (reader: Reader) => void,
  ) {
    this.queue = [...replay];
  }

  push(event: StreamEvent): void {
    if (this.waiting) this.waiting.resolve({ value: event, done: false });
    else this.queue.push(event);
    this.waiting = undefined;
  }

  end(error?: Error): void {
    this.over = { error };
    if (error) this.waiting?.reject(error);
    else this.waiting?.resolve(DONE);
    this.waiting = undefined;
  }

  next(): Promise<Step> {
    const event = this.queue.shift();
    if (event) return Promise.resolve({ value: event, done: false });
    if (!this.over) return new Promise((resolve, reject) => (this.waiting = { resolve, reject }));
    const { error } = this.over;
    this.over = {};
    return error ? Promise.reject(error) : Promise.resolve(DONE);
  }

  return(): Promise<Step> {
    this.queue.length = 0;
    this.end();
    this.onReturn(this);
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * One source stream of a subgraph, named by the `line` argument of the subscription, so that cases do not meet. Keeps
 * every event: `after` goes on behind any of them, as from a database that survives the subgraph.
 */
export class Stream {
  /** What each subscription that ever arrived asked to continue from, oldest first. */
  readonly opened: (string | null)[] = [];
  private readonly log: StreamEvent[] = [];
  private readonly readers = new Set<Reader>();

  constructor(
    readonly line: string,
    private readonly changed: Signal,
    private readonly deadlineMs: number,
  ) {}

  /** Subscriptions open now. */
  get open(): number {
    return this.readers.size;
  }

  /** Events so far; the newest one's `seq`. */
  get newest(): number {
    return this.log.length;
  }

  emit(fields: Record<string, unknown> = {}): StreamEvent {
    const seq = this.log.length + 1;
    const event = { cursor: `${this.line}:${seq}`, seq, ...fields };
    this.log.push(event);
    for (const reader of this.readers) reader.push(event);
    return event;
  }

  /** The subgraph ends every subscription, in order or with an error. */
  end(error?: Error): void {
    for (const reader of this.readers) reader.end(error);
    this.readers.clear();
    this.changed.raise();
  }

  subscribe(after: string | null): AsyncIterableIterator<StreamEvent> {
    const from = after === null ? this.log.length : Number(after.slice(after.lastIndexOf(':') + 1));
    const reader = new Reader(this.log.slice(from), (left) => {
      if (this.readers.delete(left)) this.changed.raise();
    });
    this.readers.add(reader);
    this.opened.push(after);
    this.changed.raise();
    return reader;
  }

  untilOpen(count: number): Promise<void> {
    const what = () => `${this.open} subscriptions at the subgraph instead of ${count}`;
    return this.changed.until(() => this.open === count, what, this.deadlineMs);
  }

  /** Resolves when there is a subscription, or nothing more to wait for. */
  async untilOpenOr(over: () => boolean): Promise<void> {
    // What ends an operation is announced elsewhere: look again from time to time.
    const look = setInterval(() => this.changed.raise(), 100);
    try {
      await this.changed.until(() => this.open > 0 || over(), 'the subgraph was not subscribed to', this.deadlineMs);
    } finally {
      clearInterval(look);
    }
  }

  untilOpened(times: number): Promise<void> {
    const what = () => `the subgraph was subscribed to ${this.opened.length} times instead of ${times}`;
    return this.changed.until(() => this.opened.length >= times, what, this.deadlineMs);
  }
}
