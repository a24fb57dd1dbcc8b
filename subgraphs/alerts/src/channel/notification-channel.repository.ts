import { isUuid } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { Page } from '@pulsegraph/kit/pagination';
import { inOrganization, isUniqueViolation } from '@pulsegraph/kit/postgres';
import { IsNull, type DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { sqlOfManager } from '../sql.js';
import { NotificationChannel } from './notification-channel.entity.js';

/** Channels under row-level security, by name. */
export class NotificationChannelRepository {
  constructor(private readonly dataSource: DataSource) {}

  within<T>(organizationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return inOrganization(this.dataSource, organizationId, work);
  }

  /** Deleted ones too: what they delivered still names them. */
  findByIds(organizationId: string, ids: readonly string[]): Promise<NotificationChannel[]> {
    return this.within(organizationId, (manager) =>
      manager
        .createQueryBuilder(NotificationChannel, 'channel')
        .where('channel.id = any(:ids)', { ids: ids.filter(isUuid) })
        .getMany(),
    );
  }

  /** One row more than the page asks for where there is more. */
  findPage(organizationId: string, page: Page): Promise<NotificationChannel[]> {
    return this.within(organizationId, (manager) => {
      const query = present(manager).orderBy('lower(channel.name)').addOrderBy('channel.id');
      if (page.after) {
        const [name, id] = page.after;
        if (typeof name !== 'string' || typeof id !== 'string' || !isUuid(id))
          throw errors.badUserInput('after', 'is no cursor of this list');
        query.andWhere('(lower(channel.name), channel.id) > (:name, :id)', { name, id });
      }
      return query.limit(page.first + 1).getMany();
    });
  }

  count(organizationId: string): Promise<number> {
    return this.within(organizationId, (manager) => present(manager).getCount());
  }

  /** With its sealed secrets, locked until the transaction ends. @throws NOT_FOUND */
  async lock(manager: EntityManager, id: string): Promise<NotificationChannel> {
    const channel = isUuid(id)
      ? await present(manager).addSelect('channel.sealed').andWhere('channel.id = :id', { id }).setLock('pessimistic_write').getOne()
      : null;
    if (!channel) throw errors.notFound('notification channel');
    return channel;
  }

  /** Which of these the organization has. */
  async existing(manager: EntityManager, ids: readonly string[]): Promise<Set<string>> {
    const rows = await sqlOfManager(manager)<{ id: string }>(
      'select id from notification_channel where id = any($1) and deleted_at is null for share',
      [ids.filter(isUuid)],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Names of the policies with a step that uses it. */
  async policiesUsing(manager: EntityManager, id: string): Promise<string[]> {
    const rows = await sqlOfManager(manager)<{ name: string }>(
      `select name from escalation_policy where steps @> jsonb_build_array(jsonb_build_object('channelIds', jsonb_build_array($1::text))) order by name`,
      [id],
    );
    return rows.map(({ name }) => name);
  }
}

export function nameTaken(error: unknown): never {
  if (isUniqueViolation(error, 'notification_channel_name')) throw errors.badUserInput('input.name', 'is taken by another channel');
  throw error;
}

function present(manager: EntityManager): SelectQueryBuilder<NotificationChannel> {
  return manager.createQueryBuilder(NotificationChannel, 'channel').where({ deletedAt: IsNull() });
}
