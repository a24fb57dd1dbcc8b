import { z } from 'zod';

/** Of a process that shares its log with others: in memory, no other could read it. Spread into its own schema. */
export const eventLogVariables = {
  EVENT_LOG: z.enum(['redis', 'kafka'], 'must be redis or kafka: in memory, no other process could read it').default('redis'),
  KAFKA_BROKERS: z
    .string()
    .transform((text) => text.split(',').map((broker) => broker.trim()))
    .pipe(z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/, 'must be host:port, several separated by commas')).min(1))
    .optional(),
};

interface EventLogEnv {
  EVENT_LOG: 'redis' | 'kafka';
  KAFKA_BROKERS?: string[] | undefined;
  REDIS_URL: string;
}

/** Says what `parseEnv` cannot: that one variable asks for another. Use as `z.object({ … }).check(eventLogIsComplete)`. */
export const eventLogIsComplete = z.refine<Pick<EventLogEnv, 'EVENT_LOG' | 'KAFKA_BROKERS'>>(
  (env) => env.EVENT_LOG !== 'kafka' || env.KAFKA_BROKERS !== undefined,
  { path: ['KAFKA_BROKERS'], message: 'is required with EVENT_LOG=kafka' },
);

/** For `createEventLog`. */
export function eventLogChoice({ EVENT_LOG, KAFKA_BROKERS, REDIS_URL }: EventLogEnv) {
  return EVENT_LOG === 'kafka'
    ? ({ engine: 'kafka', brokers: KAFKA_BROKERS ?? [] } as const)
    : ({ engine: 'redis', url: REDIS_URL } as const);
}
