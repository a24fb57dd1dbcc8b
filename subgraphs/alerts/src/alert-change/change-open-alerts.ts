import type { AlertStatus, Severity } from '@pulsegraph/contracts';
import type { Sql } from '../sql.js';
import type { Transition } from './record-transitions.js';

/**
 * Changes every open alert of a rule and says what must be recorded: give the answer to `recordTransitions` at the end of
 * the transaction.
 */
export async function changeOpenAlerts(
  sql: Sql,
  ruleId: string,
  change: { to: 'RESOLVED'; atMs: number } | { to: Severity },
  { by, note }: Pick<Transition, 'by' | 'note'>,
): Promise<Transition[]> {
  const resolves = change.to === 'RESOLVED';
  const rows = await sql<{ id: string; status: AlertStatus; severity: Severity }>(
    `with old as (
       select id, status, severity from alert where rule_id = $1 and status <> 'RESOLVED' ${resolves ? '' : 'and severity <> $2'} order by id for update
     ), changed as (
       update alert a set ${resolves ? `status = 'RESOLVED', escalate_at = null, resolved_at = to_timestamp($2::double precision / 1000)` : 'severity = $2'},
         event_count = event_count + 1
       from old where a.id = old.id
     ) select id, status, severity from old`,
    [ruleId, 'atMs' in change ? change.atMs : change.to],
  );
  return rows.map(({ id, status, severity }) => ({
    alertId: id,
    transition: resolves ? 'RESOLVED' : 'SEVERITY_CHANGED',
    before: { status, severity },
    by,
    note,
    value: null,
  }));
}
