import { METRIC_NAME } from '@pulsegraph/contracts';
import { z } from 'zod';
import type { Condition } from '../evaluation/index.js';

const MAX_DURATION_MS = 31 * 86_400_000;
const metric = z.string().regex(METRIC_NAME, 'is no metric name');
const limit = z
  .number()
  .nullish()
  .transform((value) => value ?? null);
const duration = z.int().nonnegative().max(MAX_DURATION_MS, 'must be at most 31 days');
const durationOrZero = duration.nullish().transform((value) => value ?? 0);

const threshold = z
  .object({
    metric,
    above: limit,
    below: limit,
    for: durationOrZero,
    hysteresis: z
      .number()
      .nonnegative('must not be negative')
      .nullish()
      .transform((value) => value ?? 0),
    clearAfter: durationOrZero,
  })
  .refine(({ above, below }) => above !== null || below !== null, { path: ['above'], error: 'set above, below or both' })
  .refine(({ above, below }) => above === null || below === null || below < above, {
    path: ['below'],
    error: 'must be less than above: the limits are the wrong way round',
  })
  .refine(({ above, below, hysteresis }) => above === null || below === null || above - hysteresis >= below + hysteresis, {
    path: ['hysteresis'],
    error: 'leaves no value between the limits at which the alert could clear',
  })
  .transform(({ for: forMs, clearAfter: clearAfterMs, ...rest }) => ({ ...rest, forMs, clearAfterMs }));

const offline = z
  .object({
    metric: metric.nullish().transform((value) => value ?? null),
    after: duration
      .min(1_000, 'must be at least a second')
      .nullish()
      .transform((value) => value ?? null),
  })
  .transform(({ after: afterMs, ...rest }) => ({ ...rest, afterMs }));

const kinds = { threshold, offline };
type Kind = keyof typeof kinds;
const KINDS = Object.keys(kinds) as Kind[];

/** `ConditionInput` → the condition as it is stored and evaluated. */
export const conditionRules = z
  .object({ threshold: threshold.nullish(), offline: offline.nullish() })
  .transform((input, context): Condition => {
    const given = KINDS.filter((kind) => input[kind] != null);
    const [kind] = given;
    if (given.length !== 1 || !kind) {
      context.addIssue({ code: 'custom', message: `set exactly one of ${KINDS.join(', ')}` });
      return z.NEVER;
    }
    return { [kind]: input[kind] } as Condition;
  });
