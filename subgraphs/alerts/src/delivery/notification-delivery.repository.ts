import { isUuid } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { Page } from '@pulsegraph/kit/pagination';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { sqlOfManager } from '../sql.js';
import { DeliveryAttempt, NotificationDelivery } from './notification-delivery.entity.js';

/** The delivery log under row-level security. */
export class NotificationDeliveryRepository {
  constructor(private readonly dataSource: DataSource) {}

  within<T>(organizationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return inOrganization(this.dataSource, organizationId, work);
  }

  /** Oldest first. */
  ofAlerts(organizationId: string, alertIds: readonly string[]): Promise<NotificationDelivery[]> {
    return this.within(organizationId, (manager) =>
      manager
        .createQueryBuilder(NotificationDelivery, 'delivery')
        .where('delivery.alertId = any(:alertIds)', { alertIds })
        .orderBy('delivery.requestedAt')
        .addOrderBy('delivery.id')
        .getMany(),
    );
  }

  attemptsOf(organizationId: string, deliveryIds: readonly string[]): Promise<DeliveryAttempt[]> {
    return this.within(organizationId, (manager) =>
      manager
        .createQueryBuilder(DeliveryAttempt, 'attempt')
        .where('attempt.deliveryId = any(:deliveryIds)', { deliveryIds })
        .orderBy('attempt.no')
        .getMany(),
    );
  }

  /** Newest first; one row more than the page asks for where there is more. */
  findPage(organizationId: string, channelId: string, page: Page): Promise<NotificationDelivery[]> {
    return this.within(organizationId, (manager) => {
      const query = manager
        .createQueryBuilder(NotificationDelivery, 'delivery')
        .where('delivery.channelId = :channelId', { channelId })
        .orderBy('delivery.requestedAt', 'DESC')
        .addOrderBy('delivery.id', 'DESC');
      if (page.after) {
        const [requestedAt, id] = page.after;
        if (typeof requestedAt !== 'string' || Number.isNaN(Date.parse(requestedAt)) || typeof id !== 'string' || !isUuid(id)) {
          throw errors.badUserInput('after', 'is no cursor of this list');
        }
        query.andWhere('(delivery.requestedAt, delivery.id) < (:requestedAt, :id)', { requestedAt, id });
      }
      return query.limit(page.first + 1).getMany();
    });
  }

  count(organizationId: string, channelId: string): Promise<number> {
    return this.within(organizationId, (manager) => manager.countBy(NotificationDelivery, { channelId }));
  }

  /** Stores them and wakes the notifier, in one transaction. */
  request(organizationId: string, channelId: string, deliveries: readonly NotificationDelivery[]): Promise<void> {
    return this.within(organizationId, async (manager) => {
      await manager.insert(NotificationDelivery, [...deliveries]);
      await sqlOfManager(manager)('select wake_channel($1)', [channelId]);
    });
  }

  findByIds(organizationId: string, ids: readonly string[]): Promise<NotificationDelivery[]> {
    return this.within(organizationId, (manager) =>
      manager
        .createQueryBuilder(NotificationDelivery, 'delivery')
        .where('delivery.id = any(:ids)', { ids: ids.filter(isUuid) })
        .getMany(),
    );
  }
}
