/** An async iterator that is fed from outside. `pending` tells whoever feeds how far its reader is behind. */
export class PushIterator<T> implements AsyncIterableIterator<T> {
  private readonly queue: T[] = [];
  private waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void } | undefined;
  private over: { error?: unknown } | undefined;

  constructor(private readonly onReturn: () => void) {}

  get pending(): number {
    return this.queue.length;
  }

  push(value: T): void {
    if (this.over) return;
    if (this.waiting) {
      this.waiting.resolve({ value, done: false });
      this.waiting = undefined;
    } else this.queue.push(value);
  }

  end(): void {
    this.finish({});
  }

  /** What is queued is still read first. */
  fail(error: unknown): void {
    this.finish({ error });
  }

  private finish(over: { error?: unknown }): void {
    if (this.over) return;
    this.over = over;
    const waiting = this.waiting;
    this.waiting = undefined;
    if (!waiting) return;
    if ('error' in over) waiting.reject(over.error);
    else waiting.resolve({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<T>> {
    if (this.queue.length > 0) return Promise.resolve({ value: this.queue.shift()!, done: false });
    if (this.over) {
      const { error } = this.over;
      const failed = 'error' in this.over;
      this.over = {};
      return failed ? Promise.reject(error as Error) : Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => (this.waiting = { resolve, reject }));
  }

  return(): Promise<IteratorResult<T>> {
    const first = !this.over;
    this.queue.length = 0;
    this.finish({});
    this.over = {};
    if (first) this.onReturn();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
