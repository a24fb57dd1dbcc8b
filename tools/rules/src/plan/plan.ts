import type { Channel, Policy, Rule, RulesDocument } from '../document.js';
import { differencesOf } from './differences.js';

type Written<K extends string, T> =
  | { action: 'create'; kind: K; name: string; after: T; differences: string[] }
  | { action: 'update'; kind: K; name: string; after: T; differences: string[] };
type Removed<K extends string> = { action: 'delete'; kind: K; name: string };

export type Change = Written<'channel', Channel> | Written<'policy', Policy> | Written<'rule', Rule> | Removed<'rule'> | Removed<'channel'>;

export interface Plan {
  /** In the order in which they can be carried out: what is named exists before whatever names it. */
  changes: Change[];
  /** What pruning would remove and does not, with the reason. */
  kept: string[];
}

export interface PlanOptions {
  /** Whether what the file does not name is deleted. */
  prune?: boolean;
  /** Secrets by channel: they cannot be read back, hence are no difference. */
  secrets?: ReadonlyMap<string, readonly string[]>;
}

/** @throws Error when the file names a channel or policy that would not exist, or changes the kind of a channel. */
export function planChanges(live: RulesDocument, wanted: RulesDocument, options: PlanOptions = {}): Plan {
  checkReferences(live, wanted);
  const changes: Change[] = [
    ...written('channel', live.channels, wanted.channels, (before, after) => channelDifferences(before, after, options.secrets)),
    ...written('policy', live.policies, wanted.policies, differencesOf),
    ...written('rule', live.rules, wanted.rules, differencesOf),
  ];
  const kept: string[] = [];
  if (options.prune) {
    const policiesLeft = missing(live.policies, wanted.policies);
    kept.push(...policiesLeft.map(({ name }) => `policy "${name}": the platform deletes no escalation policies`));
    const used = channelsOf([...policiesLeft, ...wanted.policies]);
    for (const { name } of missing(live.rules, wanted.rules)) changes.push({ action: 'delete', kind: 'rule', name });
    for (const { name } of missing(live.channels, wanted.channels)) {
      if (used.has(name)) kept.push(`channel "${name}": an escalation policy uses it`);
      else changes.push({ action: 'delete', kind: 'channel', name });
    }
  }
  return { changes, kept };
}

function written<K extends string, T extends { name: string }>(
  kind: K,
  live: readonly T[],
  wanted: readonly T[],
  compare: (before: T, after: T) => string[],
): Written<K, T>[] {
  const known = new Map(live.map((each) => [each.name, each]));
  return wanted.flatMap((after): Written<K, T>[] => {
    const before = known.get(after.name);
    if (!before) return [{ action: 'create', kind, name: after.name, after, differences: [] }];
    const differences = compare(before, after);
    return differences.length > 0 ? [{ action: 'update', kind, name: after.name, after, differences }] : [];
  });
}

function channelDifferences(before: Channel, after: Channel, secrets: PlanOptions['secrets']): string[] {
  if (before.kind !== after.kind) {
    throw new Error(`Channel "${after.name}" is ${before.kind} and cannot become ${after.kind}: give the new channel another name.`);
  }
  const hidden = new Set(secrets?.get(after.name));
  const settings = Object.fromEntries(Object.entries(after.settings).filter(([key]) => !hidden.has(key)));
  return differencesOf(before, { ...after, settings });
}

function checkReferences(live: RulesDocument, wanted: RulesDocument): void {
  const channels = new Set([...live.channels, ...wanted.channels].map(({ name }) => name));
  const policies = new Set([...live.policies, ...wanted.policies].map(({ name }) => name));
  for (const { name, steps } of wanted.policies) {
    const unknown = steps.flatMap((step) => step.channels).find((channel) => !channels.has(channel));
    if (unknown !== undefined) throw new Error(`Policy "${name}" names a channel "${unknown}" that does not exist.`);
  }
  for (const { name, escalationPolicy } of wanted.rules) {
    if (escalationPolicy !== undefined && !policies.has(escalationPolicy)) {
      throw new Error(`Rule "${name}" names an escalation policy "${escalationPolicy}" that does not exist.`);
    }
  }
}

function missing<T extends { name: string }>(live: readonly T[], wanted: readonly T[]): T[] {
  const names = new Set(wanted.map(({ name }) => name));
  return live.filter(({ name }) => !names.has(name));
}

const channelsOf = (policies: readonly Policy[]): Set<string> =>
  new Set(policies.flatMap(({ steps }) => steps.flatMap(({ channels }) => channels)));
