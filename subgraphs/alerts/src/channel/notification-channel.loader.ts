import DataLoader from 'dataloader';
import type { NotificationChannel } from './notification-channel.entity.js';
import type { NotificationChannelRepository } from './notification-channel.repository.js';

export interface ChannelLoaders {
  channel: DataLoader<string, NotificationChannel | null>;
}

/** Batching only, as in alert.loader.ts. */
export function createChannelLoaders(channels: NotificationChannelRepository, organizationId: string): ChannelLoaders {
  return {
    channel: new DataLoader<string, NotificationChannel | null>(
      async (ids) => {
        const byId = new Map((await channels.findByIds(organizationId, [...new Set(ids)])).map((channel) => [channel.id, channel]));
        return ids.map((id) => byId.get(id) ?? null);
      },
      { cache: false },
    ),
  };
}
