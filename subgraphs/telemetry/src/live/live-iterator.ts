/** Wakes one waiter; a call while nobody waits is remembered. */
export class Wakeup {
  private pending = false;
  private resolve: (() => void) | null = null;

  call(): void {
    this.pending = true;
    this.resolve?.();
  }

  async wait(): Promise<void> {
    if (!this.pending) await new Promise<void>((resolve) => (this.resolve = resolve));
    this.resolve = null;
    this.pending = false;
  }
}

export interface LiveSource<T> {
  /** The next value, or undefined when there is none until `wakeup` calls. */
  pull(): Promise<T | undefined> | T | undefined;
  readonly wakeup: Wakeup;
  /** Called once, however it ends. */
  close(): void;
}

/**
 * A source as what GraphQL subscribes to. Not a generator: while a generator waits, a return queues behind that wait, and
 * a quiet stream would never be left.
 */
export function liveIterator<T>(source: LiveSource<T>): AsyncIterableIterator<T, void, undefined> {
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    source.close();
    source.wakeup.call();
  };
  const done = { done: true, value: undefined } as const;
  return {
    async next() {
      try {
        while (!ended) {
          const value = await source.pull();
          // Ended meanwhile: nobody listens any more.
          if (ended) break;
          if (value !== undefined) return { done: false, value };
          await source.wakeup.wait();
        }
        return done;
      } catch (error) {
        end();
        throw error;
      }
    },
    return: () => {
      end();
      return Promise.resolve(done);
    },
    throw: (error: unknown) => {
      end();
      return Promise.reject(error as Error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
