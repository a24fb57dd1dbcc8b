import type { LiveBus } from './live-bus.js';

/** A reader that is this far behind loses the oldest messages, as the bus allows, rather than the process its heap. */
const MAX_QUEUED_MESSAGES = 10_000;

/**
 * Messages of several channels, in order of arrival, from the moment of the call. The iterators that come with the PubSub
 * libraries listen only from the first `next()` on, and one of them never ends once it was returned.
 */
export function iterateChannels<T>(bus: Pick<LiveBus, 'subscribe' | 'unsubscribe'>, channels: readonly string[]): AsyncIterableIterator<T> {
  const queue: T[] = [];
  const waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void }[] = [];
  let ended = false;
  let failure: { error: unknown } | null = null;

  const onMessage = (message: T) => {
    if (ended) return;
    const reader = waiting.shift();
    if (reader) return reader.resolve({ value: message, done: false });
    queue.push(message);
    if (queue.length > MAX_QUEUED_MESSAGES) queue.shift();
  };
  const subscriptions = channels.map((channel) => bus.subscribe(channel, onMessage));
  Promise.all(subscriptions).catch((error: unknown) => {
    failure = { error };
    for (const reader of waiting.splice(0)) reader.reject(error);
  });

  const end = async (): Promise<IteratorResult<T>> => {
    if (!ended) {
      ended = true;
      queue.length = 0;
      for (const reader of waiting.splice(0)) reader.resolve({ value: undefined, done: true });
      for (const subscription of await Promise.allSettled(subscriptions)) {
        if (subscription.status === 'fulfilled') bus.unsubscribe(subscription.value);
      }
    }
    return { value: undefined, done: true };
  };

  return {
    next: async () => {
      if (ended) return { value: undefined, done: true };
      if (failure) throw failure.error;
      if (queue.length > 0) return { value: queue.shift()!, done: false };
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return: end,
    throw: async (error) => {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
