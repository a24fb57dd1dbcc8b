import DataLoader from 'dataloader';
import { groupBy } from '../group-by.js';
import type { DeliveryAttempt, NotificationDelivery } from './notification-delivery.entity.js';
import type { NotificationDeliveryRepository } from './notification-delivery.repository.js';

export interface DeliveryLoaders {
  deliveriesOfAlert: DataLoader<string, NotificationDelivery[]>;
  attempts: DataLoader<string, DeliveryAttempt[]>;
}

/** Batching only, as in alert.loader.ts. */
export function createDeliveryLoaders(deliveries: NotificationDeliveryRepository, organizationId: string): DeliveryLoaders {
  return {
    deliveriesOfAlert: new DataLoader<string, NotificationDelivery[]>(
      async (alertIds) => {
        const byAlert = groupBy(await deliveries.ofAlerts(organizationId, alertIds), ({ alertId }) => alertId);
        return alertIds.map((id) => byAlert.get(id) ?? []);
      },
      { cache: false },
    ),
    attempts: new DataLoader<string, DeliveryAttempt[]>(
      async (ids) => {
        const byDelivery = groupBy(await deliveries.attemptsOf(organizationId, ids), ({ deliveryId }) => deliveryId);
        return ids.map((id) => byDelivery.get(id) ?? []);
      },
      { cache: false },
    ),
  };
}
