import {
  commonVariables,
  eventLogChoice,
  eventLogIsComplete,
  eventLogVariables,
  httpUrl,
  parseEnv,
  postgresUrl,
  redisUrl,
  secret,
  secretList,
} from '@pulsegraph/kit/env';
import { parseDurationMs } from '@pulsegraph/kit/scalars';
import { z } from 'zod';
import { DEFAULT_RETENTION } from './writer/retention.js';

const duration = z.string().transform((text, context) => {
  try {
    return parseDurationMs(text);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
});
const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);
const PORTS = { api: 4002, writer: 4012 } as const;

const variables = z
  .object({
    ...commonVariables,
    ROLE: z.enum(['api', 'writer']).default('api'),
    /** 4002 for the api, 4012 for the writer. */
    PORT: z.coerce.number().int().min(0).max(65_535).optional(),
    DATABASE_URL: postgresUrl,
    REDIS_URL: redisUrl,
    ...eventLogVariables,
    DEVICES_URL: httpUrl.default('http://localhost:4001'),
    USERS_URL: httpUrl.default('http://localhost:4004'),
    INTERNAL_TOKEN: secret,
    VIEWER_KEY: secretList,
    REPLAY_WINDOW: duration.prefault('PT1H'),
    REPLAY_MAX_BYTES: count(DEFAULT_RETENTION.replayMaxBytes),
    /** Also how late a reading may come; the bridge must be told the same. */
    RAW_RETENTION_DAYS: count(DEFAULT_RETENTION.rawDays),
    /** Days of readings this long past take a seventh of the space. */
    PACK_AFTER_DAYS: z.coerce.number().int().min(2).default(DEFAULT_RETENTION.packAfterDays),
    MINUTE_RETENTION_DAYS: count(DEFAULT_RETENTION.minuteDays),
    HOUR_RETENTION_DAYS: count(DEFAULT_RETENTION.hourDays),
    DEAD_LETTER_DAYS: count(DEFAULT_RETENTION.deadLetterDays),
    DEAD_LETTER_CAP: count(DEFAULT_RETENTION.deadLetterCap),
  })
  .check(eventLogIsComplete);

/** The only reader of `process.env` here. Throws one error that names every bad variable, and never a value. */
export function loadEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(variables, source);
  return Object.freeze({
    role: env.ROLE,
    port: env.PORT ?? PORTS[env.ROLE],
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    eventLog: eventLogChoice(env),
    devicesUrl: env.DEVICES_URL,
    usersUrl: env.USERS_URL,
    internalToken: env.INTERNAL_TOKEN,
    viewerKeys: env.VIEWER_KEY,
    retention: {
      rawDays: env.RAW_RETENTION_DAYS,
      packAfterDays: env.PACK_AFTER_DAYS,
      minuteDays: env.MINUTE_RETENTION_DAYS,
      hourDays: env.HOUR_RETENTION_DAYS,
      deadLetterDays: env.DEAD_LETTER_DAYS,
      deadLetterCap: env.DEAD_LETTER_CAP,
      replayWindowMs: env.REPLAY_WINDOW,
      replayMaxBytes: env.REPLAY_MAX_BYTES,
    },
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  });
}

export type Env = ReturnType<typeof loadEnv>;
