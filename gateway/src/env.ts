import { resolve } from 'node:path';
import { commonVariables, httpUrl, parseEnv, port, redisUrl, secret, secretList } from '@pulsegraph/kit/env';
import { z } from 'zod';

const variables = z.object({
  ...commonVariables,
  PORT: port(4000),
  SUPERGRAPH: z.string().default('schema/supergraph.graphql'),
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
    introspectionForStrangers: (env.INTROSPECTION ?? (env.NODE_ENV === 'production' ? 'signed-in' : 'everyone')) === 'everyone',
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
  });
}
