import { isUuid, type AlertStatus, type Severity } from '@pulsegraph/contracts';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { Keyset, Page } from '@pulsegraph/kit/pagination';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { DataSource, EntityManager, SelectQueryBuilder } from 'typeorm';
import { sqlOfManager } from '../sql.js';
import { AlertEvent } from './alert-event.entity.js';
import { checkedKeyset } from './alert.keyset.js';
import { applyFilter, type AlertFilter } from './alert-filter.js';
import type { AlertOrder } from './alert-filter.input.js';
import { Alert } from './alert.entity.js';

/** Open alerts that have all this in common. */
export interface OpenGroup {
  deviceId: string;
  assetId: string | null;
  patientId: string | null;
  severity: Severity;
  status: AlertStatus;
  count: number;
}

/** Reads alerts under row-level security: one transaction per call. */
export class AlertRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly registry: RegistryProjection,
  ) {}

  within<T>(organizationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return inOrganization(this.dataSource, organizationId, work);
  }

  findByIds(organizationId: string, ids: readonly string[]): Promise<Alert[]> {
    return this.within(organizationId, (manager) =>
      manager
        .createQueryBuilder(Alert, 'alert')
        .where('alert.id = any(:ids)', { ids: ids.filter(isUuid) })
        .getMany(),
    );
  }

  /** One row more than the page asks for where there is more. */
  findPage(organizationId: string, filter: AlertFilter, order: AlertOrder, page: Page): Promise<Alert[]> {
    return this.within(organizationId, async (manager) => {
      const query = await this.filtered(manager, filter);
      return ordered(query, order, page.after)
        .limit(page.first + 1)
        .getMany();
    });
  }

  /** The newest alerts of each device, `first + 1` at most for each, in one statement. */
  findNewestOfEach(
    organizationId: string,
    filter: AlertFilter,
    by: 'deviceId' | 'patientId',
    ids: readonly string[],
    page: Page,
  ): Promise<Alert[]> {
    return this.within(organizationId, async (manager) => {
      const newest = ordered(await this.filtered(manager, filter), 'NEWEST', page.after)
        .select('alert.id', 'id')
        .andWhere(`alert.${by} = subject.id`)
        .limit(page.first + 1);
      const [inner, values] = newest.getQueryAndParameters();
      const found = await sqlOfManager(manager)<{ id: string }>(
        `select newest.id from unnest($${values.length + 1}::uuid[]) as subject(id) cross join lateral (${inner}) newest`,
        [...(values as unknown[]), ids],
      );
      return manager
        .createQueryBuilder(Alert, 'alert')
        .where('alert.id = any(:ids)', { ids: found.map(({ id }) => id) })
        .orderBy('alert.raisedAt', 'DESC')
        .addOrderBy('alert.id', 'DESC')
        .getMany();
    });
  }

  /** @param of Only those of one device or patient. */
  count(organizationId: string, filter: AlertFilter, of?: { by: 'deviceId' | 'patientId'; id: string }): Promise<number> {
    return this.within(organizationId, async (manager) => {
      const query = await this.filtered(manager, filter);
      if (of) query.andWhere(`alert.${of.by} = :subject`, { subject: of.id });
      return query.getCount();
    });
  }

  historyOf(organizationId: string, alertIds: readonly string[]): Promise<AlertEvent[]> {
    return this.within(organizationId, (manager) =>
      manager
        .createQueryBuilder(AlertEvent, 'event')
        .where('event.alertId = any(:alertIds)', { alertIds })
        .orderBy('event.alertId')
        .addOrderBy('event.no')
        .getMany(),
    );
  }

  openGroups(organizationId: string): Promise<OpenGroup[]> {
    return this.within(organizationId, (manager) =>
      sqlOfManager(manager)<OpenGroup>(
        `select device_id as "deviceId", asset_id as "assetId", patient_id as "patientId", severity, status, count(*)::integer as count
         from alert where status <> 'RESOLVED' group by 1, 2, 3, 4, 5`,
      ),
    );
  }

  /** The worst open alert of each device that has one, the newest among equals. */
  worstOpenOf(organizationId: string, deviceIds: readonly string[]): Promise<Alert[]> {
    return this.within(organizationId, (manager) =>
      manager
        .createQueryBuilder(Alert, 'alert')
        .distinctOn(['alert.deviceId'])
        .where(`alert.status <> 'RESOLVED'`)
        .andWhere('alert.deviceId = any(:deviceIds)', { deviceIds })
        .orderBy('alert.deviceId')
        .addOrderBy('alert.severityRank')
        .addOrderBy('alert.raisedAt', 'DESC')
        .addOrderBy('alert.id', 'DESC')
        .getMany(),
    );
  }

  /** For further clauses; the table's alias is `alert`. */
  async filtered(manager: EntityManager, filter: AlertFilter): Promise<SelectQueryBuilder<Alert>> {
    const query = manager.createQueryBuilder(Alert, 'alert').where('true');
    return applyFilter(query, filter, filter.assetId == null ? null : await this.assetsWithin(manager, filter.assetId));
  }

  /** Of the assets that ever had an alert, those in the subtree. Steps from one to the next by the index. */
  private async assetsWithin(manager: EntityManager, assetId: string): Promise<string[]> {
    const rows = await sqlOfManager(manager)<{ id: string }>(
      `with recursive step as (
         (select asset_id as id from alert order by organization_id, asset_id limit 1)
         union all
         select (select a.asset_id from alert a where a.asset_id > step.id order by a.asset_id limit 1) from step where step.id is not null
       ) select id from step where id is not null`,
    );
    return rows.map(({ id }) => id).filter((id) => this.registry.isWithin(id, assetId));
  }
}

function ordered(query: SelectQueryBuilder<Alert>, order: AlertOrder, after: Keyset | null): SelectQueryBuilder<Alert> {
  const direction = order === 'OLDEST' ? 'ASC' : 'DESC';
  const comparison = order === 'OLDEST' ? '>' : '<';
  if (order === 'SEVERITY') query.orderBy('alert.severityRank');
  query.addOrderBy('alert.raisedAt', direction).addOrderBy('alert.id', direction);
  if (!after) return query;
  const [rank, raisedAt, id] = checkedKeyset(after);
  const later = `(alert.raisedAt, alert.id) ${comparison} (:raisedAt, :id)`;
  query.andWhere(order === 'SEVERITY' ? `(alert.severityRank > :rank or (alert.severityRank = :rank and ${later}))` : later);
  return query.setParameters({ rank, raisedAt, id });
}
