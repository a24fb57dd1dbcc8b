/**
 * Maps what `pick` answers and skips what it answers with undefined. Not a generator: while a generator waits for its
 * source, a return queues behind that wait, and a quiet stream would never be left.
 */
export function select<T, R>(
  source: AsyncGenerator<T, void, undefined>,
  pick: (item: T) => R | undefined,
): AsyncIterableIterator<R, void, undefined> {
  return {
    async next() {
      for (;;) {
        const { done, value } = await source.next();
        if (done) return { done: true, value: undefined };
        const picked = pick(value);
        if (picked !== undefined) return { done: false, value: picked };
      }
    },
    async return() {
      await source.return();
      return { done: true, value: undefined };
    },
    throw: (error: unknown) => source.throw(error) as Promise<IteratorResult<R, void>>,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
