import { SEVERITIES, type MetricEntry } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { z } from 'zod';
import { metricsOf, SCORE_METRICS, type Condition } from '../evaluation/index.js';
import { conditionRules } from './condition.rules.js';
import { devicesOf, type RuleTarget } from './rule-target.js';

const MAX_DEVICES = 1_000;
const orNull = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

const targetRules = z
  .object({
    deviceIds: orNull(z.array(z.string()).min(1, 'must not be empty').max(MAX_DEVICES, `must name at most ${MAX_DEVICES} devices`)),
    profileId: orNull(z.string()),
    assetId: orNull(z.string()),
    labels: orNull(
      z
        .record(z.string(), z.string('must map each label key to a text'))
        .refine((labels) => Object.keys(labels).length > 0, 'must not be empty'),
    ),
  })
  .refine((target) => Object.values(target).some((part) => part !== null), 'must name devices, a profile, an asset or labels');

const ruleRules = z.object({
  name: z.string().trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters'),
  severity: z.enum(SEVERITIES),
  target: targetRules,
  condition: conditionRules,
  escalationPolicyId: orNull(z.string()),
  enabled: z.boolean().default(true),
});

export type RuleDraft = z.infer<typeof ruleRules> & { target: RuleTarget; condition: Condition };

/**
 * @throws BAD_USER_INPUT with the path of what is wrong; NOT_FOUND for a device, profile or asset that this organization
 *   does not have.
 */
export function parseRule(input: unknown, organizationId: string, registry: RegistryProjection, nowMs: number): RuleDraft {
  const draft = parseInput(ruleRules, input);
  const { deviceIds, profileId, assetId } = draft.target;
  const own = (entry: { organizationId: string } | undefined) => entry?.organizationId === organizationId;
  if (deviceIds?.some((id) => !own(registry.device(id)))) throw errors.notFound('device');
  if (profileId !== null && !own(registry.profile(profileId))) throw errors.notFound('profile');
  if (assetId !== null && !own(registry.asset(assetId))) throw errors.notFound('asset');
  checkMetrics(draft.condition, 'input.condition', (metric) => metricEntries(metric, draft.target, organizationId, registry, nowMs));
  return draft;
}

/** A rule that could never fire is a mistake: some device of the target must have the metric, or some profile while there is no device. */
function checkMetrics(condition: Condition, path: string, entriesOf: (metric: string) => MetricEntry[]): void {
  const [kind, content] = Object.entries(condition)[0]!;
  if (kind === 'all' || kind === 'any') {
    (content as Condition[]).forEach((part, index) => checkMetrics(part, `${path}.${kind}[${index}]`, entriesOf));
    return;
  }
  if (kind === 'earlyWarningScore') {
    if (Object.keys(SCORE_METRICS).every((metric) => entriesOf(metric).length === 0)) {
      throw errors.badUserInput(`${path}.${kind}`, 'no device of the target measures any of the parameters of NEWS2');
    }
    return;
  }
  for (const metric of metricsOf(condition)) {
    const entries = entriesOf(metric);
    if (entries.length === 0) throw errors.badUserInput(`${path}.${kind}.metric`, `no device of the target has a metric "${metric}"`);
    if (kind !== 'offline' && entries.every((entry) => entry.kind === 'TEXT')) {
      throw errors.badUserInput(`${path}.${kind}.metric`, `"${metric}" is text and cannot be compared with a number`);
    }
  }
}

/** How the profiles of the target define the metric. */
export function metricEntries(
  metric: string,
  target: RuleTarget,
  organizationId: string,
  registry: RegistryProjection,
  nowMs: number,
): MetricEntry[] {
  const profileIds = new Set<string>();
  if (target.profileId) profileIds.add(target.profileId);
  else for (const device of devicesOf(target, organizationId, registry, nowMs)) profileIds.add(device.profileId);
  const profiles =
    profileIds.size > 0 || target.deviceIds
      ? [...profileIds].map((id) => registry.profile(id)).filter((profile) => profile !== undefined)
      : [...registry.profilesOf(organizationId)];
  return profiles.flatMap((profile) => profile.metrics.filter((entry) => entry.metric === metric));
}
