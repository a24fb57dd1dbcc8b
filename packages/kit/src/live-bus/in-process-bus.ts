import { EventEmitter } from 'node:events';
import { PubSub } from 'graphql-subscriptions';
import { iterateChannels } from './channel-iterator.js';
import type { LiveBus } from './live-bus.js';

/** The bus of a process that is everything at once. Messages are handed over as they are: do not change what you were given. */
export function createInProcessBus(): LiveBus {
  const emitter = new EventEmitter();
  // Thousands may listen to one channel, and that is no leak.
  emitter.setMaxListeners(0);
  const pubSub = new PubSub<Record<string, unknown>>({ eventEmitter: emitter });
  const bus: LiveBus = {
    publish: (channel, message) => pubSub.publish(channel, message),
    subscribe: (channel, onMessage) => pubSub.subscribe(channel, onMessage as (...messages: unknown[]) => void),
    unsubscribe: (subscription) => pubSub.unsubscribe(subscription),
    asyncIterableIterator: <T>(channels: string | readonly string[]) => iterateChannels<T>(bus, [channels].flat()),
    ping: () => Promise.resolve(),
    close: async () => void emitter.removeAllListeners(),
  };
  return bus;
}
