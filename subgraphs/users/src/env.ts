import { commonVariables, EnvError, httpUrl, parseEnv, port, postgresUrl, redisUrl, secret, secretList } from '@pulsegraph/kit/env';
import { z } from 'zod';

const variables = z.object({
  ...commonVariables,
  PORT: port(4004),
  DATABASE_URL: postgresUrl,
  REDIS_URL: redisUrl,
  INTERNAL_TOKEN: secret,
  VIEWER_KEY: secretList,
  DATA_KEY: secretList.optional(),
  PUBLIC_URL: httpUrl.default('http://localhost:4000'),
  /** `smtp(s)://…`, or `file:///folder` for one .eml file per mail. */
  MAIL_URL: z.url({ protocol: /^(smtps?|file)$/ }).optional(),
  MAIL_FROM: z.string().default('Pulsegraph <no-reply@localhost>'),
  DEMO: z.enum(['on', 'off']).default('off'),
  DEMO_PASSWORD: z.string().min(1).optional(),
  ADMIN_EMAIL: z.email().optional(),
  ADMIN_PASSWORD: z.string().min(1).optional(),
  /** Slug and name of the organization that ADMIN_EMAIL opens. */
  ORGANIZATION_KEY: z.string().default('main'),
  ORGANIZATION_NAME: z.string().default('Main'),
});

type Variables = z.infer<typeof variables>;

/** What the variables ask for together; `refine` would hide every other fault behind these. */
function accountsOf(env: Variables) {
  if (env.DEMO === 'on' && env.DEMO_PASSWORD === undefined) throw new EnvError('DEMO=on needs DEMO_PASSWORD.');
  if ((env.ADMIN_EMAIL === undefined) !== (env.ADMIN_PASSWORD === undefined)) {
    throw new EnvError('ADMIN_EMAIL and ADMIN_PASSWORD go together: set both or neither.');
  }
  return {
    demo: env.DEMO === 'on' && env.DEMO_PASSWORD !== undefined ? { password: env.DEMO_PASSWORD } : null,
    firstAdmin:
      env.ADMIN_EMAIL !== undefined && env.ADMIN_PASSWORD !== undefined
        ? {
            email: env.ADMIN_EMAIL,
            password: env.ADMIN_PASSWORD,
            organizationKey: env.ORGANIZATION_KEY,
            organizationName: env.ORGANIZATION_NAME,
          }
        : null,
  };
}

/** The only reader of `process.env` here. Throws one error that names every bad variable, and never a value. */
export function loadEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = parseEnv(variables, source);
  return Object.freeze({
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    internalToken: env.INTERNAL_TOKEN,
    viewerKeys: env.VIEWER_KEY,
    dataKeys: env.DATA_KEY ?? [],
    publicUrl: env.PUBLIC_URL,
    mail: env.MAIL_URL === undefined ? null : { url: env.MAIL_URL, from: env.MAIL_FROM },
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
    ...accountsOf(env),
  });
}
