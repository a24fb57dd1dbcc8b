import { isUuid } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { Page } from '@pulsegraph/kit/pagination';
import { IsNull, type DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { sqlOfManager } from '../sql.js';
import { AlertRule } from './alert-rule.entity.js';

/** How a rule is doing. */
export interface RuleStatus {
  ruleId: string;
  lastEvaluatedAt: Date | null;
  lastError: string | null;
  firingCount: number;
}

/** Reads and writes rules under row-level security. What was deleted is gone to all but the evaluator. */
export class AlertRuleRepository {
  constructor(private readonly dataSource: DataSource) {}

  within<T>(organizationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return inOrganization(this.dataSource, organizationId, work);
  }

  findByIds(organizationId: string, ids: readonly string[]): Promise<AlertRule[]> {
    return this.within(organizationId, (manager) =>
      present(manager)
        .andWhere('rule.id = any(:ids)', { ids: ids.filter(isUuid) })
        .getMany(),
    );
  }

  /** One row more than the page asks for where there is more. */
  findPage(organizationId: string, search: string | null, page: Page): Promise<AlertRule[]> {
    return this.within(organizationId, (manager) => {
      const query = matching(manager, search).orderBy('lower(rule.name)').addOrderBy('rule.id');
      if (page.after) {
        const [name, id] = page.after;
        if (typeof name !== 'string' || typeof id !== 'string' || !isUuid(id))
          throw errors.badUserInput('after', 'is no cursor of this list');
        query.andWhere('(lower(rule.name), rule.id) > (:name, :id)', { name, id });
      }
      return query.limit(page.first + 1).getMany();
    });
  }

  count(organizationId: string, search: string | null): Promise<number> {
    return this.within(organizationId, (manager) => matching(manager, search).getCount());
  }

  statusOf(organizationId: string, ids: readonly string[]): Promise<RuleStatus[]> {
    return this.within(organizationId, (manager) =>
      sqlOfManager(manager)<RuleStatus>(
        `select r.id as "ruleId", e.last_evaluated_at as "lastEvaluatedAt", e.last_error as "lastError",
                (select count(*) from alert a where a.rule_id = r.id and a.status <> 'RESOLVED')::integer as "firingCount"
         from alert_rule r left join rule_evaluation e on e.rule_id = r.id where r.id = any($1)`,
        [ids],
      ),
    );
  }

  /** @throws NOT_FOUND for a policy that the organization does not have */
  async requirePolicy(manager: EntityManager, id: string | null): Promise<void> {
    if (id === null) return;
    const found = isUuid(id) ? await sqlOfManager(manager)('select from escalation_policy where id = $1', [id]) : [];
    if (found.length === 0) throw errors.notFound('escalation policy');
  }

  /** Locks the rule until the transaction ends. @throws NOT_FOUND */
  async lock(manager: EntityManager, id: string): Promise<AlertRule> {
    const rule = isUuid(id)
      ? await manager.findOne(AlertRule, { where: { id, deletedAt: IsNull() }, lock: { mode: 'pessimistic_write' } })
      : null;
    if (!rule) throw errors.notFound('alert rule');
    return rule;
  }
}

function present(manager: EntityManager): SelectQueryBuilder<AlertRule> {
  return manager.createQueryBuilder(AlertRule, 'rule').where('rule.deletedAt is null');
}

function matching(manager: EntityManager, search: string | null): SelectQueryBuilder<AlertRule> {
  const query = present(manager);
  if (search) query.andWhere('rule.name ilike :pattern', { pattern: `%${search.replace(/[\\%_]/g, '\\$&')}%` });
  return query;
}
