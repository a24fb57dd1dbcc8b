import type { EventLog } from './event-log.js';
import { createKafkaEventLog, type KafkaEventLogOptions } from './kafka/kafka-event-log.js';
import { createMemoryEventLog, type MemoryEventLogOptions } from './memory-event-log.js';
import { createRedisEventLog, type RedisEventLogOptions } from './redis/redis-event-log.js';

export type EventLogOptions =
  | ({ engine: 'memory' } & MemoryEventLogOptions)
  | ({ engine: 'redis' } & RedisEventLogOptions)
  | ({ engine: 'kafka' } & KafkaEventLogOptions);

/** The one place that knows all engines; what differs is chosen in main.ts by configuration. */
export async function createEventLog(options: EventLogOptions): Promise<EventLog> {
  switch (options.engine) {
    case 'memory':
      return createMemoryEventLog(options);
    case 'redis':
      return createRedisEventLog(options);
    case 'kafka':
      return createKafkaEventLog(options);
  }
}
