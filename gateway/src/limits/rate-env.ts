import { httpUrl } from '@pulsegraph/kit/env';
import { z } from 'zod';
import type { RateLimits } from './rate-limiter.js';

/** Units a minute; `RATE_LIMIT=off` for load tests. */
export const rateVariables = {
  RATE_LIMIT: z.enum(['on', 'off']).default('on'),
  RATE_LIMIT_STRANGER: z.coerce.number().int().min(1).default(100),
  RATE_LIMIT_VIEWER: z.coerce.number().int().min(1).default(60_000),
  RATE_LIMIT_ORGANIZATION: z.coerce.number().int().min(1).default(600_000),
  RATE_LIMIT_SIGN_IN: z.coerce.number().int().min(1).default(60),
};

type RateEnv = Record<Exclude<keyof typeof rateVariables, 'RATE_LIMIT'>, number> & { RATE_LIMIT: 'on' | 'off' };

export function rateLimitsOf(env: RateEnv): RateLimits | null {
  if (env.RATE_LIMIT === 'off') return null;
  return {
    strangerPerMinute: env.RATE_LIMIT_STRANGER,
    viewerPerMinute: env.RATE_LIMIT_VIEWER,
    organizationPerMinute: env.RATE_LIMIT_ORGANIZATION,
    signInPerMinute: env.RATE_LIMIT_SIGN_IN,
  };
}

/** `https://a.example,https://b.example`. */
export const originList = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .pipe(z.array(httpUrl));
