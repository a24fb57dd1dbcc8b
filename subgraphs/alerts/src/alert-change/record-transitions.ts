import type { AlertStatus, AlertTransition, Severity } from '@pulsegraph/contracts';
import type { Sql } from '../sql.js';

/** What happened to an alert whose row was changed just before, in the same transaction. */
export interface Transition {
  alertId: string;
  transition: AlertTransition;
  /** Null when this raised it. */
  before: { status: AlertStatus; severity: Severity } | null;
  /** Null: the platform did it. */
  by: { id: string | null; name: string } | null;
  note: string | null;
  value: number | null;
}

/** Of these somebody may have to hear, of an end also where it is silenced by now; the notifier finds out who. */
const NOTIFIED = `('RAISED', 'REOPENED', 'SEVERITY_CHANGED', 'UNSILENCED', 'ESCALATED', 'RESOLVED')`;

/** A job in the same transaction: there is no alert that nobody is told of, and no telling of one that was not stored. */
async function requestNotifications(sql: Sql, rows: string): Promise<void> {
  await sql(
    `select plan_notifications(jsonb_build_object('transitions', jsonb_agg(jsonb_build_object(
       'alertId', a.id, 'transition', t.transition, 'no', a.event_count, 'level', a.escalation_level))))
     from jsonb_to_recordset($1) as t(alert_id uuid, transition text) join alert a on a.id = t.alert_id
     where t.transition in ${NOTIFIED} and (not a.silenced or t.transition = 'RESOLVED') having count(*) > 0`,
    [rows],
  );
}

/**
 * Writes history and change feed for alerts of one organization, at most one transition per alert and call. Comes last in
 * its transaction: from here to the commit nobody else of the organization can, which makes the numbers commit-ordered.
 * The alert's `event_count` must have been raised by one already.
 * @returns The organization's newest change.
 */
export async function recordTransitions(
  sql: Sql,
  organizationId: string,
  atMs: number,
  transitions: readonly Transition[],
): Promise<number> {
  const rows = JSON.stringify(
    transitions.map(({ alertId, transition, before, by, note, value }, index) => ({
      index,
      alert_id: alertId,
      transition,
      status_before: before?.status ?? null,
      severity_before: before?.severity ?? null,
      by_id: by?.id ?? null,
      by_name: by?.name ?? null,
      note,
      value,
    })),
  );
  await sql(
    `insert into alert_event (alert_id, no, organization_id, at, transition, by_id, by_name, note, value)
     select a.id, a.event_count, a.organization_id, to_timestamp($2::double precision / 1000), t.transition, t.by_id, t.by_name, t.note, t.value
     from jsonb_to_recordset($1) as t(alert_id uuid, transition text, by_id text, by_name text, note text, value double precision)
     join alert a on a.id = t.alert_id`,
    [rows, atMs],
  );
  await requestNotifications(sql, rows);
  const [head] = await sql<{ seq: string }>(
    `insert into alert_change_head (organization_id, seq) values ($1, $2)
     on conflict (organization_id) do update set seq = alert_change_head.seq + excluded.seq returning seq`,
    [organizationId, transitions.length],
  );
  const seq = Number(head!.seq);
  await sql(
    `insert into alert_change (organization_id, seq, alert_id, transition, at, status_before, severity_before, alert)
     select a.organization_id, $2::bigint + t.index, a.id, t.transition, to_timestamp($3::double precision / 1000),
            t.status_before, t.severity_before, to_jsonb(a)
     from jsonb_to_recordset($1) as t(index integer, alert_id uuid, transition text, status_before text, severity_before text)
     join alert a on a.id = t.alert_id`,
    [rows, seq - transitions.length + 1, atMs],
  );
  return seq;
}
