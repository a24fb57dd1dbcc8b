import type { AlertStatus, Severity } from '@pulsegraph/contracts';
import type { Pool } from 'pg';
import { recordTransitions, type Transition } from '../alert-change/record-transitions.js';
import { alertOfSnapshot, type AlertSnapshot } from '../alert/alert.entity.js';
import type { Announcer } from '../announce.js';
import { groupBy } from '../group-by.js';
import type { SilenceBook } from '../silence/silence-book.js';
import { inTransaction } from '../sql.js';

export interface MuteOptions {
  pool: Pool;
  silences: SilenceBook;
  announcer: Announcer;
  clock: () => number;
  /** An alert that is heard again and not acknowledged escalates after this. */
  escalateAfterMs: number;
}

interface Candidate {
  alert: AlertSnapshot;
  device_offline: boolean;
}

interface Changed {
  id: string;
  silenced: boolean;
  note: string;
  status: AlertStatus;
  severity: Severity;
}

interface Muting {
  alertId: string;
  silenced: boolean;
  note: string;
}

/**
 * Brings `silenced` of open alerts up to date: silences begin and end by the clock, and an offline device mutes what its
 * own metrics say for as long as it is offline.
 */
export async function muteAlerts(options: MuteOptions): Promise<void> {
  const { pool, silences } = options;
  const { rows } = await pool.query<Candidate>(
    `select to_jsonb(a) as alert, device_offline
     from alert a cross join lateral (
       select a.kind <> 'DEVICE_OFFLINE' and exists (
         select from alert o where o.device_id = a.device_id and o.kind = 'DEVICE_OFFLINE' and o.status <> 'RESOLVED') as device_offline) inhibition
     where a.status <> 'RESOLVED' and (a.silenced or device_offline or a.organization_id = any($1))`,
    [silences.activeOrganizations()],
  );
  const changes = rows.flatMap(({ alert: row, device_offline }) => {
    const alert = alertOfSnapshot(row);
    const reason = silences.reasonFor(alert) ?? (device_offline ? 'The device is offline.' : undefined);
    if (alert.silenced === (reason !== undefined)) return [];
    const note = reason ?? 'Nothing silences it any more.';
    return [{ organizationId: alert.organizationId, alertId: alert.id, silenced: reason !== undefined, note }];
  });
  for (const [organizationId, mutings] of groupBy(changes, (change) => change.organizationId)) {
    await apply(organizationId, mutings, options);
  }
}

async function apply(
  organizationId: string,
  mutings: readonly Muting[],
  { pool, announcer, clock, escalateAfterMs }: MuteOptions,
): Promise<void> {
  const { seq, transitions } = await inTransaction(pool, async (sql) => {
    const nowMs = clock();
    const changed = await sql<Changed>(
      `with wanted as (
         select a.id, m.silenced, m.note from jsonb_to_recordset($1) as m("alertId" uuid, silenced boolean, note text)
         join alert a on a.id = m."alertId" and a.status <> 'RESOLVED' and a.silenced <> m.silenced order by a.id for update of a
       )
       update alert a set silenced = wanted.silenced, event_count = a.event_count + 1,
         escalate_at = case when not wanted.silenced and a.status in ('TRIGGERED', 'ESCALATED') then to_timestamp(
           ($2::double precision + escalation_after_ms(a.rule_id, a.escalation_level, $3::double precision)) / 1000) end
       from wanted where a.id = wanted.id returning a.id, a.silenced, wanted.note, a.status, a.severity`,
      [JSON.stringify(mutings), nowMs, escalateAfterMs],
    );
    const recorded = changed.map(({ id, silenced, note, ...before }): Transition => {
      return { alertId: id, transition: silenced ? 'SILENCED' : 'UNSILENCED', before, by: null, note, value: null };
    });
    return { transitions: recorded, seq: recorded.length > 0 ? await recordTransitions(sql, organizationId, nowMs, recorded) : 0 };
  });
  if (transitions.length > 0)
    announcer.changes(
      organizationId,
      seq,
      transitions.map(({ transition }) => transition),
    );
}
