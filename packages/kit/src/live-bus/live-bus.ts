/**
 * graphql-subscriptions' PubSub, in-process or over Redis. At most once: only a fast path. Whoever needs every message
 * compares sequence numbers and reads the table behind the channel.
 */
export interface LiveBus {
  publish(channel: string, message: unknown): Promise<void>;
  subscribe(channel: string, onMessage: (message: never) => void): Promise<number>;
  unsubscribe(subscription: number): void;
  /**
   * Listens from the moment of the call; `return()` ends that. To know when a subscription stands, for example before
   * reading the table that it continues, use `subscribe` and await it.
   */
  asyncIterableIterator<T>(channels: string | readonly string[]): AsyncIterableIterator<T>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
