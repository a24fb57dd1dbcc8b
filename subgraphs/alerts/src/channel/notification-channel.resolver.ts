import { may } from '@pulsegraph/contracts';
import { parsePage, toConnection } from '@pulsegraph/kit/pagination';
import { JsonScalar } from '@pulsegraph/kit/scalars';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { AlertsContext } from '../context.js';
import { channelKeysetOf, NotificationChannel } from './notification-channel.entity.js';
import type { NotificationChannelRepository } from './notification-channel.repository.js';
import type { NotificationChannelService } from './notification-channel.service.js';
import { NotificationChannelConnection, NotificationChannelInput } from './notification-channel.type.js';
import { maskedSettings, type OpenSettings } from './settings.rules.js';

@Resolver(() => NotificationChannel)
export class NotificationChannelResolver {
  constructor(
    private readonly repository: NotificationChannelRepository,
    private readonly service: NotificationChannelService,
  ) {}

  @Requires('graph:read')
  @Query(() => NotificationChannelConnection, { description: 'By name.' })
  async notificationChannels(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<NotificationChannelConnection> {
    const { organizationId } = requireViewer(viewer);
    const page = parsePage(first ?? 50, after);
    const { nodes, pageInfo } = toConnection(await this.repository.findPage(organizationId, page), page, channelKeysetOf);
    return { nodes, pageInfo, count: () => this.repository.count(organizationId) };
  }

  @Requires('rules:write')
  @Mutation(() => NotificationChannel)
  createNotificationChannel(
    @Arg('input', () => NotificationChannelInput) input: NotificationChannelInput,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<NotificationChannel> {
    return this.service.create(requireViewer(viewer), input);
  }

  @Requires('rules:write')
  @Mutation(() => NotificationChannel, { description: 'A secret that is left out, or comes back masked, stays. The kind cannot change.' })
  updateNotificationChannel(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => NotificationChannelInput) input: NotificationChannelInput,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<NotificationChannel> {
    return this.service.update(requireViewer(viewer), id, input);
  }

  @Requires('rules:write')
  @Mutation(() => ID, { description: 'Fails with CONFLICT while an escalation policy uses it. What it has delivered stays in the log.' })
  deleteNotificationChannel(@Arg('id', () => ID) id: string, @Ctx() { viewer }: AlertsContext): Promise<string> {
    return this.service.delete(requireViewer(viewer), id);
  }

  @FieldResolver(() => JsonScalar, {
    description: 'Secrets are write-only and come back masked. Empty for those who may not change channels.',
  })
  settings(@Root() { kind, settings }: NotificationChannel, @Ctx() { viewer }: AlertsContext): OpenSettings {
    // An alert's log names its channels to everybody; addresses of people are for those who manage them.
    return viewer && may(viewer.role, 'rules:write') ? maskedSettings(kind, settings) : {};
  }
}
