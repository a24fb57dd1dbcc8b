import { partitionKey, shardOf, type ConsumerGroup, type LogRecord } from '@pulsegraph/contracts';
import type { Redis } from 'ioredis';
import type { Log } from '../../log/index.js';
import { closeRedis, connectRedis, pingRedis } from '../../redis/index.js';
import { DEFAULT_MAX_BATCH_RECORDS, LogFullError, type EventLog, type LogConsumer } from '../event-log.js';
import { FULL_RETRY_AFTER_MS, PartitionAppender } from './appender.js';
import { GroupConsumer } from './group-consumer.js';
import { groupKeys, partitionCountKey, partitionKeys } from './keys.js';
import { logScripts } from './scripts.js';
import { LogUsage } from './usage.js';

export interface RedisEventLogOptions {
  url: string;
  /** Default `pulsegraph:log:`. */
  keyPrefix?: string;
  /** Fixed for the life of the log, since it decides where a device's records go. Default 4. */
  partitions?: number;
  /** Memory of Redis that the log may take; beyond it `append` rejects with LogFullError. Default 1 GiB. */
  maxBytes?: number;
  /** What this process holds while Redis is away; beyond it, too, LogFullError. Default 32 MiB. */
  maxPendingBytes?: number;
  /** Groups that will come: nothing is trimmed before they have handled it. */
  groups?: readonly ConsumerGroup[];
  /** Default 10 s. */
  leaseMs?: number;
  log?: Log;
}

/**
 * The log on Redis streams: survives kill -9 of everything, and loss of power as far as `appendfsync` says.
 * @throws Error in one sentence when Redis would lose or evict records, or holds a log of another shape.
 */
export async function createRedisEventLog({
  url,
  keyPrefix = 'pulsegraph:log:',
  partitions: count = 4,
  maxBytes = 1024 ** 3,
  maxPendingBytes = 32 * 1024 ** 2,
  groups = [],
  leaseMs = 10_000,
  log,
}: RedisEventLogOptions): Promise<EventLog> {
  const redis = connectRedis(url, { log });
  const scripts = logScripts(redis);
  const partitions = Array.from({ length: count }, (_, partition) => partitionKeys(keyPrefix, partition));
  const usage = new LogUsage(redis, partitions, maxBytes);
  try {
    await requireDurability(redis);
    await requirePartitions(redis, keyPrefix, count);
    for (const group of groups) {
      for (const keys of partitions) {
        await scripts.ensureGroup(groupKeys(keys, group), group);
      }
    }
    await usage.measure();
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  const appenders = partitions.map((keys) => new PartitionAppender(scripts, keys, log));
  const consumers = new Set<LogConsumer>();
  let closed: Error | null = null;

  return {
    append: async (records) => {
      if (closed) throw closed;
      const pending = appenders.reduce((sum, appender) => sum + appender.pendingCharacters, 0);
      if (pending > maxPendingBytes || usage.isFull()) throw new LogFullError(FULL_RETRY_AFTER_MS);
      const before = pending;
      const written = [...splitByPartition(records, count)].map(([partition, part]) => appenders[partition]!.append(part));
      usage.appended(appenders.reduce((sum, appender) => sum + appender.pendingCharacters, 0) - before);
      await Promise.all(written);
    },
    consume: async (group, handler, { maxBatchRecords = DEFAULT_MAX_BATCH_RECORDS } = {}) => {
      if (closed) throw closed;
      const consumer = new GroupConsumer({ redis, scripts, prefix: keyPrefix, partitions, group, handler, maxBatchRecords, leaseMs, log });
      await consumer.start();
      consumers.add(consumer);
      return {
        stop: async () => {
          consumers.delete(consumer);
          await consumer.stop();
        },
      };
    },
    backlog: async (group) => {
      const behind = await Promise.all(
        partitions.map(async (keys) => {
          const [appended, handled] = await redis.mget(keys.appended, keys.handled(group));
          return handled === null ? 0 : Number(appended ?? 0) - Number(handled);
        }),
      );
      return behind.reduce((sum, records) => sum + records, 0);
    },
    ping: () => pingRedis(redis),
    close: async () => {
      if (closed) return;
      closed = new Error('The event log is closed.');
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      for (const appender of appenders) appender.close(closed);
      await closeRedis(redis);
    },
  };
}

function splitByPartition(records: readonly LogRecord[], count: number): Map<number, LogRecord[]> {
  const parts = new Map<number, LogRecord[]>();
  for (const record of records) {
    const partition = shardOf(partitionKey(record), count);
    const part = parts.get(partition);
    if (part) part.push(record);
    else parts.set(partition, [record]);
  }
  return parts;
}

async function requireDurability(redis: Redis): Promise<void> {
  // INFO rather than CONFIG, which hosted Redis services often refuse.
  const info = `${await redis.info('persistence')}\n${await redis.info('memory')}`;
  if (!/^aof_enabled:1\r?$/m.test(info)) {
    throw new Error('Redis would lose the event log when it restarts: start it with `appendonly yes`, or set EVENT_LOG to another engine.');
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== 'noeviction') {
    throw new Error(
      `Redis may evict the event log (maxmemory-policy ${policy ?? 'unknown'}): start it with \`maxmemory-policy noeviction\`.`,
    );
  }
}

async function requirePartitions(redis: Redis, prefix: string, count: number): Promise<void> {
  await redis.setnx(partitionCountKey(prefix), count);
  const found = Number(await redis.get(partitionCountKey(prefix)));
  if (found !== count)
    throw new Error(`The event log in Redis has ${found} partitions and ${count} are configured: use ${found}, or another key prefix.`);
}
