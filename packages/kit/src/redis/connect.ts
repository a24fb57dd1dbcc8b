import { Redis, type RedisOptions } from 'ioredis';
import type { Log } from '../log/index.js';

export interface RedisConnectOptions {
  /** Hears of lost connections, once per loss. */
  log?: Log;
  options?: RedisOptions;
}

/** Waits for Redis for ever rather than failing commands at the first hiccup; callers set their own deadlines. */
export function connectRedis(url: string, { log, options }: RedisConnectOptions = {}): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    retryStrategy: (attempt) => Math.min(attempt * 50, 1_000),
    // After an outage the old socket never closes again; do not wait for it.
    disconnectTimeout: 200,
    ...options,
  });
  let lost = false;
  redis.on('ready', () => {
    if (lost) log?.info('Redis is back');
    lost = false;
  });
  // Without a listener ioredis writes to the console; with one line per attempt an outage would flood the log.
  redis.on('error', (error: Error) => {
    if (!lost) log?.warn({ err: error }, 'Redis does not answer; trying again');
    lost = true;
  });
  return redis;
}

/** Answers within `deadlineMs` or throws: for readiness. */
export async function pingRedis(redis: Redis, deadlineMs = 1_000): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${deadlineMs} ms.`)), deadlineMs);
  });
  const ping = redis.ping();
  ping.catch(() => undefined); // It may fail long after the deadline, when nobody waits any more.
  try {
    await Promise.race([ping, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Says goodbye where somebody listens, and hangs up where nobody does. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  if (redis.status === 'ready') await redis.quit().catch(() => undefined);
  redis.disconnect();
}
