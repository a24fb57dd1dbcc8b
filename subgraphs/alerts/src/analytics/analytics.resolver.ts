import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { AlertFilterInput } from '../alert/alert-filter.input.js';
import { AlertRule } from '../alert-rule/alert-rule.entity.js';
import type { AlertsContext } from '../context.js';
import { Device, stubOf } from '../entity/stub.type.js';
import type { AnalyticsService } from './analytics.service.js';
import { AlertAnalytics, BadActor } from './analytics.type.js';

@Resolver(() => BadActor)
export class AnalyticsResolver {
  constructor(private readonly service: AnalyticsService) {}

  @Requires('graph:read')
  @Query(() => AlertAnalytics, { description: 'At most 400 days.' })
  alertAnalytics(
    @Arg('from') from: Date,
    @Arg('to') to: Date,
    @Arg('filter', () => AlertFilterInput, { nullable: true }) filter: AlertFilterInput | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<AlertAnalytics> {
    return this.service.of(requireViewer(viewer), from, to, filter ?? {});
  }

  @FieldResolver(() => Device, { nullable: true })
  device(@Root() actor: BadActor): Device | null {
    return stubOf(actor.deviceId);
  }

  @FieldResolver(() => AlertRule, { nullable: true, description: 'Null once the rule is deleted.' })
  rule(@Root() actor: BadActor, @Ctx() { loaders }: AlertsContext): Promise<AlertRule | null> {
    return loaders.rule.load(actor.ruleId);
  }
}
