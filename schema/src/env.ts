import { commonVariables, httpUrl, parseEnv, port, postgresUrl, secret } from '@pulsegraph/kit/env';
import { z } from 'zod';

const serviceVariables = z.object({
  ...commonVariables,
  PORT: port(4020),
  DATABASE_URL: postgresUrl,
  INTERNAL_TOKEN: secret,
  REGISTRY_ADMIN_KEY: secret,
  REGISTRY_SIGNING_KEY: z.base64().min(32),
  /** `on`: the schema files of this release are published at the start, once. */
  PUBLISH_RELEASE: z.enum(['on', 'off']).default('off'),
  USAGE_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(90),
});

/** Of the service. Throws one error that names every bad variable, and never a value. */
export function loadServiceEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(serviceVariables, source);
  return Object.freeze({
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    internalToken: env.INTERNAL_TOKEN,
    adminKey: env.REGISTRY_ADMIN_KEY,
    signingKey: env.REGISTRY_SIGNING_KEY,
    publishRelease: env.PUBLISH_RELEASE === 'on',
    usageRetentionDays: env.USAGE_RETENTION_DAYS,
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  });
}

const cliVariables = z.object({
  REGISTRY_URL: httpUrl.default('http://localhost:4020'),
  REGISTRY_KEY: z.string().optional(),
  USER: z.string().optional(),
});

/** Of the command line. */
export function loadCliEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(cliVariables, source);
  return Object.freeze({ registryUrl: env.REGISTRY_URL, registryKey: env.REGISTRY_KEY, user: env.USER ?? 'unknown' });
}
export type CliEnv = ReturnType<typeof loadCliEnv>;

/** For the command line's `main`, which reads no variable itself. */
export const processEnvironment = (): NodeJS.ProcessEnv => process.env;
