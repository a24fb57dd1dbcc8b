import { DEFAULT_RAW_RETENTION_DAYS } from '@pulsegraph/contracts';
import {
  commonVariables,
  eventLogChoice,
  eventLogIsComplete,
  eventLogVariables,
  httpUrl,
  parseEnv,
  port,
  redisUrl,
  secret,
} from '@pulsegraph/kit/env';
import { z } from 'zod';

const variables = z
  .object({
    ...commonVariables,
    PORT: port(4010),
    /** Our own MQTT listener; without it and without MQTT_URL there is only HTTP. */
    MQTT_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
    MQTT_URL: z.url({ protocol: /^mqtts?$/ }).optional(),
    MQTT_CLIENT_ID: z.string().min(1).max(64).optional(),
    /** `2/3`: the second of three bridges at one broker. */
    MQTT_SHARD: z
      .string()
      .regex(/^[1-9]\d{0,2}\/[1-9]\d{0,2}$/, 'must look like 2/3: the second of three')
      .transform((text) => text.split('/').map(Number) as [number, number])
      .refine(([number, count]) => number <= count, 'must look like 2/3: the second of three')
      .optional(),
    MQTT_PROVISIONING: z.enum(['dynamic-security', 'none']).default('dynamic-security'),
    DEVICES_URL: httpUrl,
    INTERNAL_TOKEN: secret,
    ...eventLogVariables,
    REDIS_URL: redisUrl,
    RAW_RETENTION_DAYS: z.coerce.number().int().min(1).default(DEFAULT_RAW_RETENTION_DAYS),
    MAX_IN_FLIGHT_MIB: z.coerce.number().int().min(8).default(64),
  })
  .check(eventLogIsComplete);

/** The only reader of `process.env` here. Throws one error that names every bad variable, and never a value. */
export function loadEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(variables, source);
  return Object.freeze({
    port: env.PORT,
    mqttPort: env.MQTT_PORT ?? null,
    brokerUrl: env.MQTT_URL ?? null,
    brokerClientId: env.MQTT_CLIENT_ID ?? (env.MQTT_SHARD ? `pulsegraph-bridge-${env.MQTT_SHARD[0]}` : 'pulsegraph-bridge'),
    brokerShard: env.MQTT_SHARD && { index: env.MQTT_SHARD[0] - 1, count: env.MQTT_SHARD[1] },
    provisionBroker: env.MQTT_PROVISIONING === 'dynamic-security',
    devicesUrl: env.DEVICES_URL,
    internalToken: env.INTERNAL_TOKEN,
    redisUrl: env.REDIS_URL,
    eventLog: eventLogChoice(env),
    rawRetentionDays: env.RAW_RETENTION_DAYS,
    maxInFlightBytes: env.MAX_IN_FLIGHT_MIB * 1024 * 1024,
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  });
}
