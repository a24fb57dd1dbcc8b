import { SEVERITIES } from '@pulsegraph/contracts';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { duration } from './duration.js';

const name = z.string().trim().min(1);
const severity = z.enum(SEVERITIES);
const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value): z.output<T> | undefined => (value === null ? undefined : value) as z.output<T> | undefined);
const zero = duration.default('PT0S');

const metric = z.string();
const simpleConditions = {
  threshold: z
    .strictObject({
      metric,
      above: optional(z.number()),
      below: optional(z.number()),
      for: zero,
      hysteresis: z.number().default(0),
      clearAfter: zero,
    })
    .optional(),
  rateOfChange: z.strictObject({ metric, perMinuteAbove: z.number(), over: duration.default('PT1M') }).optional(),
  offline: z.strictObject({ metric: optional(metric), after: optional(duration) }).optional(),
  anomaly: z.strictObject({ metric, sensitivity: z.enum(['LOW', 'MEDIUM', 'HIGH']).default('MEDIUM') }).optional(),
  trend: z.strictObject({ metric, reaches: z.number(), within: duration, over: duration.default('PT1H') }).optional(),
  earlyWarningScore: z
    .strictObject({ score: z.int().default(5), singleParameter: z.boolean().default(true), validFor: duration.default('PT1H') })
    .optional(),
};
type SimpleCondition = { [K in keyof typeof simpleConditions]?: z.infer<(typeof simpleConditions)[K]> };
export type Condition = SimpleCondition & { all?: Condition[]; any?: Condition[] };

const condition: z.ZodType<Condition> = z
  .strictObject({
    ...simpleConditions,
    all: z.lazy(() => z.array(condition)).optional(),
    any: z.lazy(() => z.array(condition)).optional(),
  })
  .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, 'must hold exactly one kind of condition');

const target = z
  .strictObject({
    devices: z.array(z.string()).optional(),
    profile: z.string().optional(),
    /** The names from the root of the tree down. */
    asset: z.array(z.string()).min(1).optional(),
    labels: z.record(z.string(), z.string()).optional(),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), 'must name devices, a profile, an asset or labels');

const channel = z.strictObject({
  name,
  kind: z.enum(['EMAIL', 'SMS', 'WEBHOOK', 'SLACK', 'WEB_PUSH']),
  enabled: z.boolean().default(true),
  minSeverity: severity.default('LOW'),
  settings: z.looseObject({
    quietHours: z.looseObject({ upTo: severity.default('HIGH') }).optional(),
  }),
});

const policy = z.strictObject({
  name,
  steps: z.array(z.strictObject({ after: duration, channels: z.array(z.string()), users: z.array(z.string()).optional() })).min(1),
});

const rule = z.strictObject({
  name,
  enabled: z.boolean().default(true),
  severity,
  /** By name; without one every channel is told. */
  escalationPolicy: z.string().optional(),
  target,
  condition,
});

const named = <T extends z.ZodType<{ name: string }>>(one: T, what: string) =>
  z
    .array(one)
    .default([])
    .superRefine((all, context) => {
      const seen = new Set<string>();
      for (const { name: each } of all) {
        if (seen.has(each)) context.addIssue({ code: 'custom', message: `Two ${what} are called "${each}": give one another name.` });
        seen.add(each);
      }
    });

const documentRules = z.strictObject({
  version: z.literal(1),
  channels: named(channel, 'channels'),
  policies: named(policy, 'policies'),
  rules: named(rule, 'rules'),
});

export type RulesDocument = z.infer<typeof documentRules>;
export type Channel = z.infer<typeof channel>;
export type Policy = z.infer<typeof policy>;
export type Rule = z.infer<typeof rule>;

/** @throws Error with a line for each thing that is wrong and where it stands. */
export function checkDocument(content: unknown): RulesDocument {
  const result = documentRules.safeParse(content);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.') || 'document'}: ${message}`).join('\n'));
}

/** @param environment Fills `${NAME}` in the settings of channels, so that secrets need not lie in the file. */
export function parseDocument(text: string, environment: Readonly<Record<string, string | undefined>>): RulesDocument {
  const document = checkDocument(parse(text));
  for (const each of document.channels) {
    for (const [key, value] of Object.entries(each.settings)) {
      const variable = typeof value === 'string' ? /^\$\{([A-Z][A-Z0-9_]*)\}$/.exec(value)?.[1] : undefined;
      if (variable === undefined) continue;
      const filled = environment[variable];
      if (filled) each.settings[key] = filled;
      else delete each.settings[key];
    }
  }
  return document;
}

/** Sorted by name, so that two exports of the same rules are the same text. */
export function formatDocument({ version, channels, policies, rules }: RulesDocument): string {
  const sorted = <T extends { name: string }>(all: T[]) => [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
  return stringify({ version, channels: sorted(channels), policies: sorted(policies), rules: sorted(rules) }, { lineWidth: 120 });
}
