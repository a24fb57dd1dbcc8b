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

const DEFAULT_PORTS = { api: 4003, evaluator: 4013, notifier: 4014 };

const variables = z
  .object({
    ...commonVariables,
    ROLE: z.enum(['api', 'evaluator', 'notifier']).default('api'),
    PORT: port(0).optional(),
    DATABASE_URL: postgresUrl,
    DEVICES_URL: httpUrl,
    USERS_URL: httpUrl.default('http://localhost:4004'),
    /** Stored readings for back-tests. */
    TELEMETRY_URL: httpUrl.default('http://localhost:4002'),
    REDIS_URL: redisUrl,
    ...eventLogVariables,
    INTERNAL_TOKEN: secret,
    VIEWER_KEY: secretList,
    DATA_KEY: secretList.optional(),
    PUBLIC_URL: httpUrl.default('http://localhost:4000'),
    /** `smtp(s)://…`, or `file:///folder` for one .eml file per mail. */
    MAIL_URL: z.url({ protocol: /^(smtps?|file)$/ }).optional(),
    MAIL_FROM: z.string().default('Pulsegraph <no-reply@localhost>'),
    TWILIO_URL: httpUrl.default('https://api.twilio.com'),
    /** Whether channels may lead to addresses of our own network. */
    NOTIFY_PRIVATE_ADDRESSES: z.enum(['refuse', 'allow']).default('refuse'),
    REPLAY_WINDOW: z
      .string()
      .default('PT1H')
      .transform((text, context) => {
        try {
          return parseDurationMs(text);
        } catch (error) {
          context.addIssue({ code: 'custom', message: (error as Error).message });
          return z.NEVER;
        }
      }),
  })
  .check(eventLogIsComplete);

/** The only reader of `process.env` here. Throws one error that names every bad variable, and never a value. */
export function loadEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(variables, source);
  return Object.freeze({
    role: env.ROLE,
    port: env.PORT ?? DEFAULT_PORTS[env.ROLE],
    databaseUrl: env.DATABASE_URL,
    devicesUrl: env.DEVICES_URL,
    usersUrl: env.USERS_URL,
    telemetryUrl: env.TELEMETRY_URL,
    redisUrl: env.REDIS_URL,
    eventLog: eventLogChoice(env),
    internalToken: env.INTERNAL_TOKEN,
    viewerKeys: env.VIEWER_KEY,
    dataKeys: env.DATA_KEY ?? [],
    publicUrl: env.PUBLIC_URL,
    mail: env.MAIL_URL === undefined ? null : { url: env.MAIL_URL, from: env.MAIL_FROM },
    twilioUrl: env.TWILIO_URL,
    addresses: env.NOTIFY_PRIVATE_ADDRESSES === 'allow' ? ('allow-private' as const) : ('refuse-private' as const),
    replayWindowMs: env.REPLAY_WINDOW,
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  });
}
