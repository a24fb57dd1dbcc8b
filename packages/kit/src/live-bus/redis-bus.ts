import { RedisPubSub } from 'graphql-redis-subscriptions';
import { Redis } from 'ioredis';
import type { Log } from '../log/index.js';
import { closeRedis, connectRedis, pingRedis } from '../redis/index.js';
import { iterateChannels } from './channel-iterator.js';
import type { LiveBus } from './live-bus.js';

export interface RedisBusOptions {
  url: string;
  /** Keeps deployments that share a Redis apart. Default `pulsegraph:bus:`. */
  prefix?: string;
  log?: Log;
}

const WARN_EVERY_MS = 10_000;

/**
 * The bus between processes. Payloads are JSON. `publish` never rejects: during an outage of Redis a message is dropped
 * and a warning written, because the bus promises no more than a fast path and its callers have committed already.
 * After an outage every subscription is renewed.
 */
export function createRedisBus({ url, prefix = 'pulsegraph:bus:', log }: RedisBusOptions): LiveBus {
  const publisher = connectRedis(url, { log });
  const subscriber = ignoreLateUnsubscribes(connectRedis(url, { log }));
  const pubSub = new RedisPubSub({ publisher, subscriber, triggerTransform: (trigger) => prefix + String(trigger) });
  let wasReady = false;
  publisher.once('ready', () => (wasReady = true));
  let warnedAtMs = -Infinity;
  let dropped = 0;

  const drop = (error: unknown) => {
    dropped++;
    if (Date.now() - warnedAtMs < WARN_EVERY_MS) return;
    warnedAtMs = Date.now();
    log?.warn({ err: error, dropped }, 'Live messages were dropped; subscribers read what they missed from the store');
    dropped = 0;
  };

  const bus: LiveBus = {
    publish: async (channel, message) => {
      // Queueing through an outage would fill the heap with messages that are stale by the time they leave.
      if (wasReady && publisher.status !== 'ready') return drop(new Error('Redis is not connected.'));
      await pubSub.publish(prefix + channel, message).catch(drop);
    },
    subscribe: (channel, onMessage) => pubSub.subscribe(channel, onMessage),
    unsubscribe: (subscription) => pubSub.unsubscribe(subscription),
    asyncIterableIterator: <T>(channels: string | readonly string[]) => iterateChannels<T>(bus, [channels].flat()),
    ping: () => pingRedis(publisher),
    close: async () => {
      await Promise.all([closeRedis(publisher), closeRedis(subscriber)]);
    },
  };
  return bus;
}

/** RedisPubSub does not look at the outcome of its unsubscribes; one that is cut off by `close` would end the process. */
function ignoreLateUnsubscribes(redis: Redis): Redis {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, stream) => {
    const sent = send(command, stream);
    if (command.name === 'unsubscribe' || command.name === 'punsubscribe') command.promise.catch(() => undefined);
    return sent;
  };
  return redis;
}
