import type { AlertStatus, Severity } from '@pulsegraph/contracts';
import type { Pool } from 'pg';
import { recordTransitions, type Transition } from '../alert-change/record-transitions.js';
import type { Announcer } from '../announce.js';
import { inTransaction } from '../sql.js';

interface Due {
  id: string;
  status: AlertStatus;
  severity: Severity;
}

/**
 * Escalates what nobody acknowledged in time, step by step of its policy. The row says when, so that a restart neither forgets nor repeats it; whoever
 * acknowledges first ends it.
 */
export async function escalateAlerts(pool: Pool, nowMs: number, escalateAfterMs: number, announcer: Announcer): Promise<void> {
  const { rows } = await pool.query<{ organization_id: string }>(
    'select distinct organization_id from alert where escalate_at <= to_timestamp($1::double precision / 1000)',
    [nowMs],
  );
  for (const { organization_id } of rows) await escalateOrganization(pool, organization_id, nowMs, escalateAfterMs, announcer);
}

async function escalateOrganization(
  pool: Pool,
  organizationId: string,
  nowMs: number,
  escalateAfterMs: number,
  announcer: Announcer,
): Promise<void> {
  const { seq, count } = await inTransaction(pool, async (sql) => {
    const due = await sql<Due>(
      `with due as (
         select id, status, severity from alert
         where organization_id = $1 and escalate_at <= to_timestamp($2::double precision / 1000) and status in ('TRIGGERED', 'ESCALATED')
         order by id for update
       )
       update alert a set status = 'ESCALATED', escalated_at = to_timestamp($2::double precision / 1000),
         -- The next step of the policy, as long after this one as it says.
         escalate_at = a.escalate_at + make_interval(secs => (escalation_after_ms(a.rule_id, a.escalation_level + 1, $3::double precision)
           - escalation_after_ms(a.rule_id, a.escalation_level, $3::double precision)) / 1000),
         escalation_level = a.escalation_level + 1, event_count = a.event_count + 1
       from due where a.id = due.id returning due.id, due.status, due.severity`,
      [organizationId, nowMs, escalateAfterMs],
    );
    const transitions = due.map(({ id, ...before }): Transition => ({
      alertId: id,
      transition: 'ESCALATED',
      before,
      by: null,
      note: null,
      value: null,
    }));
    return { count: due.length, seq: due.length > 0 ? await recordTransitions(sql, organizationId, nowMs, transitions) : 0 };
  });
  if (count > 0) announcer.changes(organizationId, seq, Array<'ESCALATED'>(count).fill('ESCALATED'));
}
