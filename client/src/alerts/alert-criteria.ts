import { ALERT_STATUSES, SEVERITIES, type AlertStatus, type Severity } from '@pulsegraph/contracts';
import type { AlertPartsFragment } from '../core/alert.generated';
import type { AlertFilter } from '../core/schema.generated';

export type StatusChoice = 'open' | 'all' | AlertStatus;
const OPEN: readonly AlertStatus[] = ['TRIGGERED', 'ACKNOWLEDGED', 'ESCALATED'];

/** What the list is narrowed to, as it stands in the address. */
export interface Criteria {
  status: StatusChoice;
  severity: Severity | null;
  search: string;
}

export function parseCriteria(query: {
  status?: string | undefined;
  severity?: string | undefined;
  search?: string | undefined;
}): Criteria {
  const status = query.status === 'all' ? 'all' : (ALERT_STATUSES.find((known) => known === query.status) ?? 'open');
  return { status, severity: SEVERITIES.find((known) => known === query.severity) ?? null, search: query.search?.trim() ?? '' };
}

function statuses({ status }: Criteria): readonly AlertStatus[] | null {
  if (status === 'all') return null;
  return status === 'open' ? OPEN : [status];
}

export function filterOf(criteria: Criteria): AlertFilter {
  const wanted = statuses(criteria);
  return {
    statuses: wanted && [...wanted],
    severities: criteria.severity && [criteria.severity],
    search: criteria.search || null,
  };
}

/** Whether an alert that changed belongs to the list shown: the same question the server answers for the whole. */
export function matches(alert: AlertPartsFragment, criteria: Criteria): boolean {
  const term = criteria.search.toLowerCase();
  return (
    (statuses(criteria)?.includes(alert.status) ?? true) &&
    (criteria.severity === null || alert.severity === criteria.severity) &&
    (term === '' || [alert.deviceName, alert.deviceKey, alert.message].some((text) => text.toLowerCase().includes(term)))
  );
}

/** Open alerts stand worst first, as whoever must act reads them; a record of the past newest first. */
export function isWorstFirst({ status }: Criteria): boolean {
  return status !== 'all' && status !== 'RESOLVED';
}

/** In the order of the list; an alert that no longer matches leaves. */
export function upserted(alerts: readonly AlertPartsFragment[], changed: AlertPartsFragment, criteria: Criteria): AlertPartsFragment[] {
  const others = alerts.filter(({ id }) => id !== changed.id);
  if (!matches(changed, criteria)) return others;
  const at = others.findIndex((other) => {
    const bySeverity = isWorstFirst(criteria) ? SEVERITIES.indexOf(changed.severity) - SEVERITIES.indexOf(other.severity) : 0;
    return bySeverity < 0 || (bySeverity === 0 && Date.parse(other.raisedAt) < Date.parse(changed.raisedAt));
  });
  return at < 0 ? [...others, changed] : [...others.slice(0, at), changed, ...others.slice(at)];
}
