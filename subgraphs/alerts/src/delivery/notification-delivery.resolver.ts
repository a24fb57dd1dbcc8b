import { errors } from '@pulsegraph/kit/errors';
import { may } from '@pulsegraph/contracts';
import { parsePage, toConnection } from '@pulsegraph/kit/pagination';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import { Alert } from '../alert/alert.entity.js';
import { NotificationChannel } from '../channel/notification-channel.entity.js';
import type { AlertsContext } from '../context.js';
import type { ChannelTestService } from './channel-test.service.js';
import { DeliveryAttempt, deliveryKeysetOf, NotificationDelivery } from './notification-delivery.entity.js';
import type { NotificationDeliveryRepository } from './notification-delivery.repository.js';
import { NotificationDeliveryConnection } from './notification-delivery.type.js';

@Resolver(() => NotificationDelivery)
export class NotificationDeliveryResolver {
  constructor(private readonly tests: ChannelTestService) {}

  @Requires('rules:write')
  @Mutation(() => NotificationDelivery, {
    description: 'Sends a test message now and says what became of it; PENDING when there is no answer within seconds.',
  })
  testNotificationChannel(@Arg('id', () => ID) id: string, @Ctx() { viewer }: AlertsContext): Promise<NotificationDelivery> {
    return this.tests.test(requireViewer(viewer), id);
  }

  @FieldResolver(() => NotificationChannel)
  async channel(@Root() { channelId }: NotificationDelivery, @Ctx() { loaders }: AlertsContext): Promise<NotificationChannel> {
    const channel = await loaders.channel.load(channelId);
    if (!channel) throw errors.notFound('notification channel');
    return channel;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The address, number or browser. Null for those who may not change channels.',
  })
  recipient(@Root() { recipient }: NotificationDelivery, @Ctx() { viewer }: AlertsContext): string | null {
    return viewer && may(viewer.role, 'rules:write') ? recipient : null;
  }

  @FieldResolver(() => [DeliveryAttempt], { description: 'Each attempt, oldest first.' })
  log(@Root() { id }: NotificationDelivery, @Ctx() { loaders }: AlertsContext): Promise<DeliveryAttempt[]> {
    return loaders.attempts.load(id);
  }
}

@Resolver(() => NotificationChannel)
export class ChannelDeliveriesResolver {
  constructor(private readonly repository: NotificationDeliveryRepository) {}

  @Requires('graph:read')
  @FieldResolver(() => NotificationDeliveryConnection, { description: 'What it was asked to deliver, newest first, tests too.' })
  async deliveries(
    @Root() { id }: NotificationChannel,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<NotificationDeliveryConnection> {
    const { organizationId } = requireViewer(viewer);
    const page = parsePage(first ?? 20, after);
    const { nodes, pageInfo } = toConnection(await this.repository.findPage(organizationId, id, page), page, deliveryKeysetOf);
    return { nodes, pageInfo, count: () => this.repository.count(organizationId, id) };
  }
}

@Resolver(() => Alert)
export class AlertNotificationsResolver {
  @FieldResolver(() => [NotificationDelivery], { description: 'Who was to hear of it, oldest first.' })
  notifications(@Root() { id }: Alert, @Ctx() { loaders }: AlertsContext): Promise<NotificationDelivery[]> {
    return loaders.deliveriesOfAlert.load(id);
  }
}
