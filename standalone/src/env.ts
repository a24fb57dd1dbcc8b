import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { originList, rateLimitsOf, rateVariables } from '@pulsegraph/gateway';
import { commonVariables, parseEnv, port, postgresUrl, secret } from '@pulsegraph/kit/env';
import { parseDurationMs } from '@pulsegraph/kit/scalars';
import { z } from 'zod';

const duration = z.string().transform((text, context) => {
  try {
    return parseDurationMs(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const variables = z.object({
  ...rateVariables,
  ALLOWED_ORIGINS: originList,
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  ...commonVariables,
  LOG_LEVEL: commonVariables.LOG_LEVEL.default('warn'),
  PORT: port(4000),
  MQTT_PORT: port(1883),
  DATA_DIR: z.string().default('./.data'),
  DEMO: z.enum(['on', 'off']).default('on'),
  DEMO_PASSWORD: z.string().min(8, 'must have at least 8 characters').optional(),
  SIMULATOR: z.enum(['factory', 'ward', 'all', 'off']).optional(),
  ADMIN_EMAIL: z.email().optional(),
  ADMIN_PASSWORD: z.string().min(12, 'must have at least 12 characters').optional(),
  REPLAY_WINDOW: duration.default(3_600_000),
  PUBLIC_URL: z.url().optional(),
  MQTT_PUBLIC_URL: z.string().optional(),
  /** `smtp(s)://…`, or `file:///folder` for one .eml file per mail. */
  MAIL_URL: z.url({ protocol: /^(smtps?|file)$/ }).optional(),
  MAIL_FROM: z.string().default('Pulsegraph <no-reply@localhost>'),
  TWILIO_URL: z.url().default('https://api.twilio.com'),
  /** Whether notification channels may lead to addresses of this network. */
  NOTIFY_PRIVATE_ADDRESSES: z.enum(['refuse', 'allow']).default('refuse'),
});

/** The only reader of `process.env` here. Throws one error that names every bad variable, and never a value. */
export function loadEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(variables, source);
  return Object.freeze({
    port: env.PORT,
    mqttPort: env.MQTT_PORT,
    dataDir: resolve(env.DATA_DIR),
    demo: env.DEMO === 'on',
    demoPassword: env.DEMO_PASSWORD,
    // Without demo there is no organization whose devices could be simulated.
    simulator: env.SIMULATOR ?? (env.DEMO === 'on' ? ('all' as const) : ('off' as const)),
    firstAdmin: env.ADMIN_EMAIL && env.ADMIN_PASSWORD ? { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD } : undefined,
    replayWindowMs: env.REPLAY_WINDOW,
    publicUrl: env.PUBLIC_URL,
    rateLimits: rateLimitsOf(env),
    allowedOrigins: env.ALLOWED_ORIGINS,
    trustedProxies: env.TRUSTED_PROXIES,
    mqttPublicUrl: env.MQTT_PUBLIC_URL,
    mail: { url: env.MAIL_URL ?? pathToFileURL(join(resolve(env.DATA_DIR), 'outbox')).href, from: env.MAIL_FROM },
    twilioUrl: env.TWILIO_URL,
    notifyPrivateAddresses: env.NOTIFY_PRIVATE_ADDRESSES === 'allow' ? ('allow-private' as const) : ('refuse-private' as const),
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  });
}

export type Env = ReturnType<typeof loadEnv>;

const provisionVariables = z.object({
  DATABASE_ADMIN_URL: postgresUrl,
  USERS_DATABASE_PASSWORD: secret,
  DEVICES_DATABASE_PASSWORD: secret,
  TELEMETRY_DATABASE_PASSWORD: secret,
  ALERTS_DATABASE_PASSWORD: secret,
  /** Only where the schema registry runs. */
  REGISTRY_DATABASE_PASSWORD: secret.optional(),
});

export function loadProvisionEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(provisionVariables, source);
  return {
    adminUrl: env.DATABASE_ADMIN_URL,
    subgraphs: [
      { name: 'users', password: env.USERS_DATABASE_PASSWORD },
      { name: 'devices', password: env.DEVICES_DATABASE_PASSWORD },
      { name: 'telemetry', password: env.TELEMETRY_DATABASE_PASSWORD },
      { name: 'alerts', password: env.ALERTS_DATABASE_PASSWORD },
      ...(env.REGISTRY_DATABASE_PASSWORD ? [{ name: 'registry', password: env.REGISTRY_DATABASE_PASSWORD } as const] : []),
    ] as const,
  };
}
