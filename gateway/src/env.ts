import { resolve } from 'node:path';
import { EnvError, commonVariables, httpUrl, parseEnv, port, redisUrl, secret, secretList } from '@pulsegraph/kit/env';
import { ROLES } from '@pulsegraph/contracts';
import { z } from 'zod';
import { originList, rateLimitsOf, rateVariables } from './limits/rate-env.js';

const roleList = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
  .pipe(z.array(z.enum(ROLES)));

const variables = z.object({
  ...rateVariables,
  ALLOWED_ORIGINS: originList,
  ...commonVariables,
  PORT: port(4000),
  SUPERGRAPH: z.string().default('schema/supergraph.graphql'),
  /** Of the registry: SUPERGRAPH is then `…/v1/supergraph/main` there, and what is signed by nobody else is not taken. */
  REGISTRY_PUBLIC_KEY: z.base64().optional(),
  SUPERGRAPH_CACHE: z.string().optional(),
  USAGE_INTERVAL_MS: z.coerce.number().int().min(100).max(3_600_000).default(5_000),
  USAGE_SAMPLE: z.coerce.number().min(0.0001).max(1).default(1),
  TRUSTED_DOCUMENTS: z.enum(['off', 'published']).default('off'),
  TRUSTED_DOCUMENTS_ESCAPE: roleList,
  DEVICES_URL: httpUrl.default('http://localhost:4001'),
  TELEMETRY_URL: httpUrl.default('http://localhost:4002'),
  ALERTS_URL: httpUrl.default('http://localhost:4003'),
  USERS_URL: httpUrl.default('http://localhost:4004'),
  JWKS_URL: httpUrl.optional(),
  VIEWER_KEY: secretList,
  INTERNAL_TOKEN: secret,
  REDIS_URL: redisUrl.optional(),
  PUBLIC_URL: httpUrl.default('http://localhost:4000'),
  CLIENT_DIR: z.string().optional(),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Who may read the schema. Unset: in production those who are signed in, else everyone. */
  INTROSPECTION: z.enum(['everyone', 'signed-in']).optional(),
  NODE_ENV: z.string().optional(),
});

/** The only reader of `process.env` here. Throws one error that names every bad variable, and never a value. */
export function loadEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(variables, source);
  const subgraph = (url: string) => new URL('graphql', url.endsWith('/') ? url : `${url}/`).href;
  return Object.freeze({
    port: env.PORT,
    supergraph: env.SUPERGRAPH,
    registry: registryOf(env),
    subgraphs: {
      devices: subgraph(env.DEVICES_URL),
      telemetry: subgraph(env.TELEMETRY_URL),
      alerts: subgraph(env.ALERTS_URL),
      users: subgraph(env.USERS_URL),
    },
    usersUrl: env.USERS_URL,
    jwksUrl: env.JWKS_URL ?? new URL('/.well-known/jwks.json', env.USERS_URL).href,
    viewerKey: env.VIEWER_KEY[0]!,
    internalToken: env.INTERNAL_TOKEN,
    redisUrl: env.REDIS_URL,
    publicUrl: env.PUBLIC_URL,
    clientDir: env.CLIENT_DIR === undefined ? undefined : resolve(env.CLIENT_DIR),
    trustedProxies: env.TRUSTED_PROXIES,
    rateLimits: rateLimitsOf(env),
    allowedOrigins: env.ALLOWED_ORIGINS,
    introspectionForStrangers: (env.INTROSPECTION ?? (env.NODE_ENV === 'production' ? 'signed-in' : 'everyone')) === 'everyone',
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  });
}

/** Null where the supergraph is a file, or comes unsigned. @throws EnvError for half a registry. */
function registryOf(env: z.infer<typeof variables>) {
  const fromUrl = /^https?:/.test(env.SUPERGRAPH);
  if (env.REGISTRY_PUBLIC_KEY === undefined) {
    if (env.TRUSTED_DOCUMENTS === 'published')
      throw new EnvError('TRUSTED_DOCUMENTS: needs the registry: set SUPERGRAPH and REGISTRY_PUBLIC_KEY.');
    return null;
  }
  if (!fromUrl) throw new EnvError('SUPERGRAPH: must be the address of the registry’s supergraph where REGISTRY_PUBLIC_KEY is set.');
  return {
    url: env.SUPERGRAPH,
    publicKey: env.REGISTRY_PUBLIC_KEY,
    cacheFile: env.SUPERGRAPH_CACHE,
    usageIntervalMs: env.USAGE_INTERVAL_MS,
    usageSample: env.USAGE_SAMPLE,
    trustedOnly: env.TRUSTED_DOCUMENTS === 'published',
    escapeRoles: env.TRUSTED_DOCUMENTS_ESCAPE,
  };
}
