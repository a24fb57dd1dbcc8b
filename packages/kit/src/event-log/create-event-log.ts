import type { EventLog } from './event-log.js';
import { createMemoryEventLog, type MemoryEventLogOptions } from './memory-event-log.js';
import { createRedisEventLog, type RedisEventLogOptions } from './redis/redis-event-log.js';

/** Values of EVENT_LOG. */
export const EVENT_LOG_ENGINES = ['memory', 'redis'] as const;
export type EventLogEngine = (typeof EVENT_LOG_ENGINES)[number];

export type EventLogOptions = ({ engine: 'memory' } & MemoryEventLogOptions) | ({ engine: 'redis' } & RedisEventLogOptions);

/** The one place that knows all engines; what differs is chosen in main.ts by configuration. */
export async function createEventLog(options: EventLogOptions): Promise<EventLog> {
  switch (options.engine) {
    case 'memory':
      return createMemoryEventLog(options);
    case 'redis':
      return createRedisEventLog(options);
  }
}
