import { may, type AlertKind, type AlertStatus, type Severity, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { SelectQueryBuilder } from 'typeorm';
import type { Alert } from './alert.entity.js';

/** Every field that is set must fit; a list fits when one of its members does. */
export interface AlertFilter {
  statuses?: AlertStatus[] | null;
  severities?: Severity[] | null;
  kinds?: AlertKind[] | null;
  deviceIds?: string[] | null;
  /** The asset or anything below it. */
  assetId?: string | null;
  patientId?: string | null;
  ruleId?: string | null;
  /** Part of a device's key or name, or of the message; case does not matter. */
  search?: string | null;
  raisedFrom?: Date | null;
  /** Exclusive. */
  raisedTo?: Date | null;
}

/** @throws NOT_FOUND for a device, asset or patient of nobody or of another organization; FORBIDDEN for patients without the right. */
export function checkFilter(filter: AlertFilter, viewer: Viewer, registry: RegistryProjection): void {
  const own = (entry: { organizationId: string } | undefined) => entry?.organizationId === viewer.organizationId;
  if (filter.patientId != null && !may(viewer.role, 'patients:read')) throw errors.forbidden();
  if (filter.deviceIds?.some((id) => !own(registry.device(id)))) throw errors.notFound('device');
  if (filter.assetId != null && !own(registry.asset(filter.assetId))) throw errors.notFound('asset');
  if (filter.patientId != null && !own(registry.patient(filter.patientId))) throw errors.notFound('patient');
  if (filter.raisedFrom && filter.raisedTo && filter.raisedFrom >= filter.raisedTo) {
    throw errors.badUserInput('filter.raisedTo', 'must lie after raisedFrom');
  }
}

/** What of an alert a filter looks at, besides status and severity; `raisedAt` only where the filter has instants. */
export type FilterableAlert = Pick<
  Alert,
  'kind' | 'deviceId' | 'deviceKey' | 'deviceName' | 'assetId' | 'patientId' | 'ruleId' | 'message'
> & {
  raisedAt?: Date;
};

/** For live changes, whose alerts are at hand. */
export function matchesFilter(
  filter: AlertFilter,
  alert: FilterableAlert,
  then: { status: AlertStatus; severity: Severity },
  registry: RegistryProjection,
): boolean {
  const { assetId, search } = filter;
  return (
    (!filter.statuses || filter.statuses.includes(then.status)) &&
    (!filter.severities || filter.severities.includes(then.severity)) &&
    (!filter.kinds || filter.kinds.includes(alert.kind)) &&
    (!filter.deviceIds || filter.deviceIds.includes(alert.deviceId)) &&
    (filter.patientId == null || filter.patientId === alert.patientId) &&
    (filter.ruleId == null || filter.ruleId === alert.ruleId) &&
    (!filter.raisedFrom || (alert.raisedAt !== undefined && alert.raisedAt >= filter.raisedFrom)) &&
    (!filter.raisedTo || (alert.raisedAt !== undefined && alert.raisedAt < filter.raisedTo)) &&
    (assetId == null || (alert.assetId !== null && registry.isWithin(alert.assetId, assetId))) &&
    (!search || [alert.deviceKey, alert.deviceName, alert.message].some((text) => text.toLowerCase().includes(search.toLowerCase())))
  );
}

/**
 * The same filter over the table, whose alias is `alert`.
 * @param assetIds The assets that `filter.assetId` means, itself and those below it.
 */
export function applyFilter(
  query: SelectQueryBuilder<Alert>,
  filter: AlertFilter,
  assetIds: readonly string[] | null,
): SelectQueryBuilder<Alert> {
  const lists = { status: filter.statuses, severity: filter.severities, kind: filter.kinds, deviceId: filter.deviceIds, assetId: assetIds };
  for (const [column, list] of Object.entries(lists)) {
    if (list) query.andWhere(`alert.${column} = any(:${column})`, { [column]: list });
  }
  if (filter.patientId != null) query.andWhere('alert.patientId = :patientId', { patientId: filter.patientId });
  if (filter.ruleId != null) query.andWhere('alert.ruleId = :ruleId', { ruleId: filter.ruleId });
  if (filter.raisedFrom) query.andWhere('alert.raisedAt >= :raisedFrom', { raisedFrom: filter.raisedFrom });
  if (filter.raisedTo) query.andWhere('alert.raisedAt < :raisedTo', { raisedTo: filter.raisedTo });
  if (filter.search) {
    const pattern = `%${filter.search.replace(/[\\%_]/g, '\\$&')}%`;
    query.andWhere('(alert.deviceKey ilike :pattern or alert.deviceName ilike :pattern or alert.message ilike :pattern)', { pattern });
  }
  return query;
}
