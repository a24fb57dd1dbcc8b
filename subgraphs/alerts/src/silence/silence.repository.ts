import { isUuid } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { Page } from '@pulsegraph/kit/pagination';
import type { DataSource, EntityManager, SelectQueryBuilder } from 'typeorm';
import { Silence } from './silence.entity.js';

/** Silences under row-level security, the one that ends last first. */
export class SilenceRepository {
  constructor(private readonly dataSource: DataSource) {}

  within<T>(organizationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return inOrganization(this.dataSource, organizationId, work);
  }

  /** @param active Null: past and future ones too. One row more than the page asks for where there is more. */
  findPage(organizationId: string, active: boolean | null, now: Date, page: Page): Promise<Silence[]> {
    return this.within(organizationId, (manager) => {
      const query = matching(manager, active, now).orderBy('silence.endsAt', 'DESC').addOrderBy('silence.id', 'DESC');
      if (page.after) {
        const [endsAt, id] = page.after;
        if (typeof endsAt !== 'string' || Number.isNaN(Date.parse(endsAt)) || typeof id !== 'string' || !isUuid(id)) {
          throw errors.badUserInput('after', 'is no cursor of this list');
        }
        query.andWhere('(silence.endsAt, silence.id) < (:endsAt, :id)', { endsAt, id });
      }
      return query.limit(page.first + 1).getMany();
    });
  }

  count(organizationId: string, active: boolean | null, now: Date): Promise<number> {
    return this.within(organizationId, (manager) => matching(manager, active, now).getCount());
  }

  insert(silence: Silence): Promise<unknown> {
    return this.within(silence.organizationId, (manager) => manager.insert(Silence, silence));
  }

  /** Ends it now; one that had not begun never will. @throws NOT_FOUND */
  end(organizationId: string, id: string, now: Date): Promise<Silence> {
    return this.within(organizationId, async (manager) => {
      const silence = isUuid(id) ? await manager.findOne(Silence, { where: { id }, lock: { mode: 'pessimistic_write' } }) : null;
      if (!silence) throw errors.notFound('silence');
      if (silence.endsAt <= now) return silence;
      silence.endsAt = now;
      if (silence.startsAt > now) silence.startsAt = now;
      return manager.save(Silence, silence);
    });
  }
}

function matching(manager: EntityManager, active: boolean | null, now: Date): SelectQueryBuilder<Silence> {
  const query = manager.createQueryBuilder(Silence, 'silence').where('true');
  const isActive = '(silence.startsAt <= :now and silence.endsAt > :now)';
  if (active !== null) query.andWhere(active ? isActive : `not ${isActive}`, { now });
  return query;
}
