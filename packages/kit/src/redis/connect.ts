import { Redis } from 'ioredis';

/** Waits for Redis for ever rather than failing commands at the first hiccup; callers set their own deadlines. */
export function connectRedis(url: string): Redis {
  return new Redis(url, { maxRetriesPerRequest: null, enableReadyCheck: true, lazyConnect: false });
}
