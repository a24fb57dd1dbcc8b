import type { PlatformClient } from '@pulsegraph/platform-client';
import { checkDocument, type Rule, type RulesDocument } from '../document.js';
import { differencesOf } from '../plan/differences.js';
import { everyPage } from './pages.js';
import { CHANNELS_QUERY, CONDITION_QUERY, POLICIES_QUERY, RULES_QUERY } from './queries.js';
import type { References } from './references.js';

/** How the platform shows a secret. */
const MASK = /^•+$/;

/** What an installation has now, with what it takes to change it. */
export interface Installation {
  document: RulesDocument;
  /** Settings that hold a secret, by channel. */
  secrets: Map<string, string[]>;
  channelIds: Map<string, string>;
  policyIds: Map<string, string>;
  rules: Map<string, { id: string; version: number }>;
  /** Rules that follow a profile: no part of the document until somebody edits them. */
  followers: { rule: Rule; id: string; version: number }[];
}

type RuleNode = {
  id: string;
  version: number;
  origin: 'PROFILE' | 'USER';
  escalationPolicy: { name: string } | null;
  target: { deviceIds: string[] | null; profileId: string | null; assetId: string | null; labels: Record<string, string> | null };
  condition: ConditionNode;
} & Record<'name' | 'enabled' | 'severity', unknown>;
type ConditionNode = { all: ConditionNode[] | null; any: ConditionNode[] | null };
type ChannelNode = { id: string; name: string; settings: Record<string, unknown> } & Record<'kind' | 'enabled' | 'minSeverity', unknown>;
type PolicyNode = {
  id: string;
  name: string;
  steps: { after: string; channels: { name: string }[]; users: { id: string }[] | null }[];
};

/** @throws Error for whoever may not change rules; where two rules share a name, which nothing else tells apart in a file. */
export async function readInstallation(platform: PlatformClient, references: References): Promise<Installation> {
  await requireWriter(platform);
  const channels = await everyPage<ChannelNode>(platform, 'notificationChannels', CHANNELS_QUERY);
  const policies = await everyPage<PolicyNode>(platform, 'escalationPolicies', POLICIES_QUERY);
  const nodes = await everyPage<RuleNode>(platform, 'alertRules', RULES_QUERY);
  for (const node of nodes) if (isDeep(node.condition)) node.condition = await conditionOf(platform, node.id);
  const rules = await Promise.all(nodes.map(async (node) => ({ node, rule: await ruleOf(node, references) })));
  const own = rules.filter(({ node }) => node.origin === 'USER');
  const following = rules.filter(({ node }) => node.origin === 'PROFILE');
  return {
    document: checkDocument({
      version: 1,
      channels: await Promise.all(channels.map((node) => channelOf(node, references))),
      policies: await Promise.all(policies.map((node) => policyOf(node, references))),
      rules: own.map(({ rule }) => rule),
    }),
    secrets: new Map(channels.map(({ name, settings }) => [name, secretsOf(settings)])),
    channelIds: new Map(channels.map(({ name, id }) => [name, id])),
    policyIds: new Map(policies.map(({ name, id }) => [name, id])),
    rules: new Map(own.map(({ node, rule }) => [String(rule.name), { id: node.id, version: node.version }])),
    followers: following.map(({ node, rule }) => ({
      rule: checkDocument({ version: 1, rules: [rule] }).rules[0]!,
      id: node.id,
      version: node.version,
    })),
  };
}

/** A rule that the file names and a profile made is the one that the file means, not a second one beside it. */
export function adoptFollowers(installation: Installation, wanted: RulesDocument): void {
  for (const { name, target } of wanted.rules) {
    if (installation.rules.has(name)) continue;
    const follower = installation.followers.find(({ rule }) => rule.name === name && differencesOf(rule.target, target).length === 0);
    if (!follower) continue;
    installation.document.rules.push(follower.rule);
    installation.rules.set(name, follower);
  }
}

/** To others the settings of channels look empty: exported so and applied, they would be emptied. */
async function requireWriter(platform: PlatformClient): Promise<void> {
  const { viewer } = await platform.request<{ viewer: { permissions: string[] } | null }>('{ viewer { permissions } }');
  if (!viewer?.permissions.includes('rules:write'))
    throw new Error('This takes somebody who may change rules: an administrator or engineer.');
}

const partsOf = ({ all, any }: ConditionNode): ConditionNode[] => all ?? any ?? [];
const isDeep = (condition: ConditionNode): boolean => partsOf(condition).some((part) => partsOf(part).length > 0);

async function conditionOf(platform: PlatformClient, id: string): Promise<ConditionNode> {
  const { alertRule } = await platform.request<{ alertRule: { condition: ConditionNode } | null }>(CONDITION_QUERY, { id });
  if (!alertRule) throw new Error('A rule was deleted while this read the rules: run it again.');
  return alertRule.condition;
}

async function ruleOf({ target, escalationPolicy, ...node }: RuleNode, references: References) {
  const { deviceIds, profileId, assetId, labels } = target;
  return withoutNulls({
    name: node.name,
    enabled: node.enabled,
    severity: node.severity,
    escalationPolicy: escalationPolicy?.name,
    target: {
      devices: deviceIds && (await Promise.all(deviceIds.map((id) => references.deviceKey(id)))),
      profile: profileId && (await references.profileKey(profileId)),
      asset: assetId && (await references.assetPath(assetId)),
      labels,
    },
    condition: node.condition,
  }) as Record<string, unknown>;
}

const secretsOf = (settings: Record<string, unknown>): string[] =>
  Object.keys(settings).filter((key) => typeof settings[key] === 'string' && MASK.test(settings[key]));

async function channelOf({ name, kind, enabled, minSeverity, settings }: ChannelNode, references: References) {
  const secrets = secretsOf(settings);
  const { userIds, ...open } = Object.fromEntries(Object.entries(settings).filter(([key]) => !secrets.includes(key)));
  const users = Array.isArray(userIds) && { users: await Promise.all(userIds.map((id) => references.userEmail(String(id)))) };
  return { name, kind, enabled, minSeverity, settings: { ...open, ...users } };
}

async function policyOf({ name, steps }: PolicyNode, references: References) {
  return {
    name,
    steps: await Promise.all(
      steps.map(async ({ after, channels, users }) => ({
        after,
        channels: channels.map((channel) => channel.name),
        ...(users?.length && { users: await Promise.all(users.map(({ id }) => references.userEmail(id))) }),
      })),
    ),
  };
}

/** The graph answers with null where the file says nothing. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== null && part !== undefined)
      .map(([key, part]) => [key, withoutNulls(part)]),
  );
}
