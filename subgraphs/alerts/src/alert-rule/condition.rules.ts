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
const window = duration.min(1_000, 'must be at least a second');
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

const rateOfChange = z
  .object({ metric, perMinuteAbove: z.number().positive('must be positive: rising and falling both count'), over: window })
  .transform(({ over: overMs, ...rest }) => ({ ...rest, overMs }));

const anomaly = z.object({ metric, sensitivity: z.enum(['LOW', 'MEDIUM', 'HIGH']) });

const trend = z
  .object({ metric, reaches: z.number(), within: window, over: window })
  .transform(({ within: withinMs, over: overMs, ...rest }) => ({ ...rest, withinMs, overMs }));

const earlyWarningScore = z
  .object({ score: z.int().min(1, 'must be at least 1').max(20, 'can be no more than 20'), singleParameter: z.boolean(), validFor: window })
  .transform(({ validFor: validForMs, ...rest }) => ({ ...rest, validForMs }));

const MAX_PARTS = 10;
const MAX_DEPTH = 3;

/** @param depth How many more levels of all and any may follow. */
function conditionOf(depth: number): z.ZodType<Condition> {
  const parts =
    depth > 0
      ? z
          .array(z.lazy(() => conditionOf(depth - 1)))
          .min(2, 'must have at least two conditions')
          .max(MAX_PARTS, `must have at most ${MAX_PARTS} conditions`)
      : z.never(`all and any may be nested ${MAX_DEPTH} deep`);
  const kinds = { threshold, rateOfChange, offline, anomaly, trend, earlyWarningScore, all: parts, any: parts };
  const names = Object.keys(kinds) as (keyof typeof kinds)[];
  return z
    .object({
      threshold: threshold.nullish(),
      rateOfChange: rateOfChange.nullish(),
      offline: offline.nullish(),
      anomaly: anomaly.nullish(),
      trend: trend.nullish(),
      earlyWarningScore: earlyWarningScore.nullish(),
      all: parts.nullish(),
      any: parts.nullish(),
    })
    .transform((input, context): Condition => {
      const given = names.filter((name) => input[name] != null);
      const [name] = given;
      if (given.length !== 1 || !name) {
        context.addIssue({ code: 'custom', message: `set exactly one of ${names.join(', ')}` });
        return z.NEVER;
      }
      return { [name]: input[name] } as Condition;
    });
}

/** `ConditionInput` → the condition as it is stored and evaluated. */
export const conditionRules = conditionOf(MAX_DEPTH);
