/** Time as the services see it; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs again and again, never twice at once. Returns the function that ends it, which waits for a run in hand. */
  every(ms: number, run: () => Promise<void>): () => Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  every(ms, run) {
    let running: Promise<void> | undefined;
    const timer = setInterval(() => {
      running ??= run().finally(() => (running = undefined));
    }, ms);
    timer.unref();
    return async () => {
      clearInterval(timer);
      await running;
    };
  },
};
