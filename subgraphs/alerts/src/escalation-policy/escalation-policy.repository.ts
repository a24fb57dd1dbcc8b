import { isUuid } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { Page } from '@pulsegraph/kit/pagination';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { EscalationPolicy } from './escalation-policy.entity.js';

/** Policies under row-level security, by name. */
export class EscalationPolicyRepository {
  constructor(private readonly dataSource: DataSource) {}

  within<T>(organizationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return inOrganization(this.dataSource, organizationId, work);
  }

  findByIds(organizationId: string, ids: readonly string[]): Promise<EscalationPolicy[]> {
    return this.within(organizationId, (manager) =>
      manager
        .createQueryBuilder(EscalationPolicy, 'policy')
        .where('policy.id = any(:ids)', { ids: ids.filter(isUuid) })
        .getMany(),
    );
  }

  /** One row more than the page asks for where there is more. */
  findPage(organizationId: string, page: Page): Promise<EscalationPolicy[]> {
    return this.within(organizationId, (manager) => {
      const query = manager.createQueryBuilder(EscalationPolicy, 'policy').orderBy('lower(policy.name)').addOrderBy('policy.id');
      if (page.after) {
        const [name, id] = page.after;
        if (typeof name !== 'string' || typeof id !== 'string' || !isUuid(id))
          throw errors.badUserInput('after', 'is no cursor of this list');
        query.where('(lower(policy.name), policy.id) > (:name, :id)', { name, id });
      }
      return query.limit(page.first + 1).getMany();
    });
  }

  count(organizationId: string): Promise<number> {
    return this.within(organizationId, (manager) => manager.count(EscalationPolicy));
  }

  /** Locked until the transaction ends. @throws NOT_FOUND */
  async lock(manager: EntityManager, id: string): Promise<EscalationPolicy> {
    const policy = isUuid(id) ? await manager.findOne(EscalationPolicy, { where: { id }, lock: { mode: 'pessimistic_write' } }) : null;
    if (!policy) throw errors.notFound('escalation policy');
    return policy;
  }
}
