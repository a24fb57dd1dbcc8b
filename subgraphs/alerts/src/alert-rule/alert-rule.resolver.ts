import { errors } from '@pulsegraph/kit/errors';
import { parsePage, toConnection } from '@pulsegraph/kit/pagination';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { AlertsContext } from '../context.js';
import { AlertRuleConnection } from './alert-rule.connection.js';
import { EscalationPolicy } from '../escalation-policy/escalation-policy.entity.js';
import { AlertRule, ruleKeysetOf } from './alert-rule.entity.js';
import { AlertRuleInput } from './alert-rule.input.js';
import type { AlertRuleRepository } from './alert-rule.repository.js';
import type { AlertRuleService } from './alert-rule.service.js';
import { metricEntries } from './rule.rules.js';
import { describeCondition } from './summary.js';

@Resolver(() => AlertRule)
export class AlertRuleResolver {
  constructor(
    private readonly repository: AlertRuleRepository,
    private readonly service: AlertRuleService,
    private readonly registry: RegistryProjection,
  ) {}

  @Requires('graph:read')
  @Query(() => AlertRule, { nullable: true })
  async alertRule(@Arg('id', () => ID) id: string, @Ctx() { loaders }: AlertsContext): Promise<AlertRule> {
    const rule = await loaders.rule.load(id);
    if (!rule) throw errors.notFound('alert rule');
    return rule;
  }

  @Requires('graph:read')
  @Query(() => AlertRuleConnection)
  async alertRules(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('search', () => String, { nullable: true }) search: string | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<AlertRuleConnection> {
    const { organizationId } = requireViewer(viewer);
    const page = parsePage(first ?? 50, after);
    const rows = await this.repository.findPage(organizationId, search, page);
    const { nodes, pageInfo } = toConnection(rows, page, ruleKeysetOf);
    return { nodes, pageInfo, count: () => this.repository.count(organizationId, search) };
  }

  @Requires('rules:write')
  @Mutation(() => AlertRule)
  createAlertRule(@Arg('input', () => AlertRuleInput) input: AlertRuleInput, @Ctx() { viewer }: AlertsContext): Promise<AlertRule> {
    return this.service.create(requireViewer(viewer), input);
  }

  @Requires('rules:write')
  @Mutation(() => AlertRule, { description: 'Fails with CONFLICT when expectedVersion is stale.' })
  async updateAlertRule(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => AlertRuleInput) input: AlertRuleInput,
    @Arg('expectedVersion', () => Int) expectedVersion: number,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<AlertRule> {
    return this.service.update(requireViewer(viewer), id, input, expectedVersion);
  }

  @Requires('rules:write')
  @Mutation(() => AlertRule, { description: "Disabling resolves the rule's open alerts." })
  setAlertRuleEnabled(
    @Arg('id', () => ID) id: string,
    @Arg('enabled') enabled: boolean,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<AlertRule> {
    return this.service.setEnabled(requireViewer(viewer), id, enabled);
  }

  @Requires('rules:write')
  @Mutation(() => ID, { description: "Resolves the rule's open alerts." })
  deleteAlertRule(@Arg('id', () => ID) id: string, @Ctx() { viewer }: AlertsContext): Promise<string> {
    return this.service.delete(requireViewer(viewer), id);
  }

  @FieldResolver(() => EscalationPolicy, {
    nullable: true,
    description: 'Null: every channel, and once more after five minutes unacknowledged.',
  })
  escalationPolicy(@Root() { escalationPolicyId }: AlertRule, @Ctx() { loaders }: AlertsContext): Promise<EscalationPolicy | null> {
    return escalationPolicyId === null ? Promise.resolve(null) : loaders.escalationPolicy.load(escalationPolicyId);
  }

  @FieldResolver(() => String, { description: 'The condition in words.' })
  summary(@Root() rule: AlertRule): string {
    const now = Date.now();
    return describeCondition(rule.condition, (metric) => metricEntries(metric, rule.target, rule.organizationId, this.registry, now)[0]);
  }

  @FieldResolver(() => Date, { nullable: true })
  async lastEvaluatedAt(@Root() rule: AlertRule, @Ctx() { loaders }: AlertsContext): Promise<Date | null> {
    return (await loaders.ruleStatus.load(rule.id))?.lastEvaluatedAt ?? null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'Why the last evaluation failed, if it did.' })
  async lastError(@Root() rule: AlertRule, @Ctx() { loaders }: AlertsContext): Promise<string | null> {
    return (await loaders.ruleStatus.load(rule.id))?.lastError ?? null;
  }

  @FieldResolver(() => Int, { description: 'How many of its alerts are open.' })
  async firingCount(@Root() rule: AlertRule, @Ctx() { loaders }: AlertsContext): Promise<number> {
    return (await loaders.ruleStatus.load(rule.id))?.firingCount ?? 0;
  }
}
