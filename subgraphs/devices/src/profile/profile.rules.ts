import { DEVICE_KEY, METRIC_KINDS, METRIC_NAME, ucumOf } from '@pulsegraph/contracts';
import { z } from 'zod';

const DAY_MS = 86_400_000;
/** UCUM codes are printable ASCII without spaces. */
const UCUM_CODE = /^[!-~]{1,40}$/;

/** No control characters, which people cannot read, and no half of a surrogate pair, which Postgres cannot hold. */
export const PLAIN_TEXT = /^[^\p{Cc}\p{Cs}]*$/u;

export const nameText = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must not be longer than 200 characters')
  .regex(PLAIN_TEXT, 'must not hold control characters');

const limit = z
  .number()
  .nullish()
  .transform((value) => value ?? null);

const unit = z.string().superRefine((value, context) => {
  const ucum = ucumOf(value);
  // Two letters may be a code of their own (C is coulomb); a word is a spelling.
  if (ucum !== value && (value.length > 2 || !UCUM_CODE.test(value))) context.addIssue(`is no UCUM code; write ${ucum}`);
  else if (!UCUM_CODE.test(value)) context.addIssue('must be a UCUM code such as Cel, mm[Hg] or /min; 1 for words and booleans');
});

const metric = z
  .object({
    metric: z.string().regex(METRIC_NAME, 'must begin with a letter; letters, digits and _ . - / or spaces may follow'),
    name: nameText,
    kind: z.enum(METRIC_KINDS),
    values: z
      .array(z.string().min(1).max(100).regex(PLAIN_TEXT, 'must not hold control characters'))
      .max(100)
      .nullish()
      .transform((values) => values ?? null),
    unit,
    loinc: z
      .string()
      .regex(/^\d{1,7}-\d$/, 'must be a LOINC code such as 8867-4')
      .nullish()
      .transform((value) => value ?? null),
    normalMin: limit,
    normalMax: limit,
    alertMin: limit,
    alertMax: limit,
    expectedInterval: z
      .number()
      .min(1, 'must be longer than zero')
      .max(31 * DAY_MS, 'must not be longer than 31 days'),
    plausibleMin: limit,
    plausibleMax: limit,
  })
  .superRefine((value, context) => {
    const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (value.kind === 'TEXT') {
      if (!value.values?.length) fault('values', 'a TEXT metric needs its allowed words');
      else if (new Set(value.values).size < value.values.length) fault('values', 'must not repeat a word');
      for (const bound of LIMITS_IN_ORDER) if (value[bound] !== null) fault(bound, 'a TEXT metric has no limits');
    } else if (value.values) {
      fault('values', 'only a TEXT metric has words');
    }
    if (value.kind !== 'NUMBER' && value.unit !== '1') fault('unit', 'must be 1 for words and booleans');
    // Each limit against the nearest below it that is set.
    let below: Limit | undefined;
    for (const bound of LIMITS_IN_ORDER) {
      if (value[bound] === null) continue;
      if (below && value[below]! > value[bound]) fault(bound, `must not be below ${below}`);
      below = bound;
    }
  });

const LIMITS_IN_ORDER = ['plausibleMin', 'alertMin', 'normalMin', 'normalMax', 'alertMax', 'plausibleMax'] as const;
type Limit = (typeof LIMITS_IN_ORDER)[number];

/** Throws through `parseInput` with the path of the fault, for example `input.metrics[1].alertMax`. */
export const profileRules = z.object({
  key: z.string().regex(DEVICE_KEY, 'must have 1 to 64 letters, digits or . _ -'),
  name: nameText,
  domain: z.enum(['INDUSTRIAL', 'CLINICAL', 'GENERIC']),
  offlineAfter: z
    .number()
    .min(1, 'must be longer than zero')
    .max(31 * DAY_MS, 'must not be longer than 31 days'),
  lateAfter: z
    .number()
    .min(0)
    .max(31 * DAY_MS, 'must not be longer than 31 days'),
  metrics: z
    .array(metric)
    .min(1, 'must define at least one metric')
    .max(200, 'must not define more than 200 metrics')
    .superRefine((metrics, context) => {
      const seen = new Set<string>();
      metrics.forEach(({ metric: name }, index) => {
        if (seen.has(name)) context.addIssue({ code: 'custom', path: [index, 'metric'], message: 'is defined twice' });
        seen.add(name);
      });
    }),
});
export type ProfileFacts = z.output<typeof profileRules>;
