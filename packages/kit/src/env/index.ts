import { z } from 'zod';

export * from './event-log.js';

export class EnvError extends Error {
  override readonly name = 'EnvError';
}

/** Parses variables; throws one error that names every bad variable and never a value, which may be a secret. */
export function parseEnv<S extends z.ZodObject>(schema: S, source: NodeJS.ProcessEnv): z.infer<S> {
  // An empty string is what compose files and shells leave for "not set".
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    // zod says "invalid type" for what is missing and for what is wrong alike.
    const missing = issue.code === 'invalid_type' && !(name in present);
    return `  ${name || '(all)'}: ${missing ? 'is required' : issue.message}`;
  });
  throw new EnvError(`These environment variables need attention:\n${lines.join('\n')}`);
}

/** Variables that every process knows; spread them into a process's own schema. */
export const commonVariables = {
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  SHUTDOWN_GRACE_MS: z.coerce.number().int().nonnegative().default(10_000),
};

export const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
export const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });
export const redisUrl = z.url({ protocol: /^rediss?$/ });
export const httpUrl = z.url({ protocol: /^https?$/ });
export const secret = z.string().min(32, 'must have at least 32 characters');
/** `new,old` during a rotation: the first signs, all verify. */
export const secretList = z
  .string()
  .transform((value) => value.split(',').map((part) => part.trim()))
  .pipe(z.array(secret).min(1).max(2));
