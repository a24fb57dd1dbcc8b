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
