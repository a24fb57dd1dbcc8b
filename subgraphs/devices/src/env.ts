import {
  commonVariables,
  eventLogChoice,
  eventLogIsComplete,
  eventLogVariables,
  httpUrl,
  parseEnv,
  port,
  postgresUrl,
  redisUrl,
  secret,
  secretList,
} from '@pulsegraph/kit/env';
import { parseDurationMs } from '@pulsegraph/kit/scalars';
import { z } from 'zod';

const duration = z.string().transform((text, context) => {
  try {
    return parseDurationMs(text);
  } catch {
    context.addIssue('must be an ISO 8601 duration such as PT1H');
    return z.NEVER;
  }
});

const variables = z
  .object({
    ...commonVariables,
    PORT: port(4001),
    DATABASE_URL: postgresUrl,
    REDIS_URL: redisUrl,
    ...eventLogVariables,
    INTERNAL_TOKEN: secret,
    VIEWER_KEY: secretList,
    DATA_KEY: secretList.optional(),
    /** What devices are told to connect to. */
    MQTT_PUBLIC_URL: z.url({ protocol: /^(mqtts?|wss?)$/ }),
    BRIDGE_URL: httpUrl.default('http://localhost:4010'),
    /** Keeps the audit trail. */
    USERS_URL: httpUrl.default('http://localhost:4004'),
    REPLAY_WINDOW: duration.prefault('PT1H'),
  })
  .check(eventLogIsComplete);

/** The only reader of `process.env` here. Throws one error that names every bad variable, and never a value. */
export function loadEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(variables, source);
  return Object.freeze({
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    eventLog: eventLogChoice(env),
    internalToken: env.INTERNAL_TOKEN,
    viewerKeys: env.VIEWER_KEY,
    dataKeys: env.DATA_KEY ?? [],
    mqttPublicUrl: env.MQTT_PUBLIC_URL,
    bridgeUrl: env.BRIDGE_URL,
    usersUrl: env.USERS_URL,
    replayWindowMs: env.REPLAY_WINDOW,
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  });
}
