import { parsePage, toConnection } from '@pulsegraph/kit/pagination';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { NotificationChannel } from '../channel/notification-channel.entity.js';
import type { AlertsContext } from '../context.js';
import { stubOf, User } from '../entity/stub.type.js';
import { EscalationPolicy, EscalationStep, policyKeysetOf } from './escalation-policy.entity.js';
import type { EscalationPolicyRepository } from './escalation-policy.repository.js';
import type { EscalationPolicyService } from './escalation-policy.service.js';
import { EscalationPolicyConnection, EscalationPolicyInput } from './escalation-policy.type.js';

@Resolver(() => EscalationPolicy)
export class EscalationPolicyResolver {
  constructor(
    private readonly repository: EscalationPolicyRepository,
    private readonly service: EscalationPolicyService,
  ) {}

  @Requires('graph:read')
  @Query(() => EscalationPolicyConnection, { description: 'By name.' })
  async escalationPolicies(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<EscalationPolicyConnection> {
    const { organizationId } = requireViewer(viewer);
    const page = parsePage(first ?? 50, after);
    const { nodes, pageInfo } = toConnection(await this.repository.findPage(organizationId, page), page, policyKeysetOf);
    return { nodes, pageInfo, count: () => this.repository.count(organizationId) };
  }

  @Requires('rules:write')
  @Mutation(() => EscalationPolicy, { description: 'Without an id: a new one.' })
  saveEscalationPolicy(
    @Arg('id', () => ID, { nullable: true }) id: string | null,
    @Arg('input', () => EscalationPolicyInput) input: EscalationPolicyInput,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<EscalationPolicy> {
    return this.service.save(requireViewer(viewer), id ?? null, input);
  }
}

@Resolver(() => EscalationStep)
export class EscalationStepResolver {
  @FieldResolver(() => [NotificationChannel])
  async channels(@Root() { channelIds }: EscalationStep, @Ctx() { loaders }: AlertsContext): Promise<NotificationChannel[]> {
    const found = await loaders.channel.loadMany(channelIds);
    return found.filter((channel) => channel instanceof NotificationChannel);
  }

  @FieldResolver(() => [User], { nullable: 'items' })
  users(@Root() { userIds }: EscalationStep): (User | null)[] {
    return userIds.map(stubOf);
  }
}
