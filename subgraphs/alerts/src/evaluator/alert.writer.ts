import { randomUUID } from 'node:crypto';
import type { AlertStatus, Severity } from '@pulsegraph/contracts';
import type { Transition } from '../alert-change/record-transitions.js';
import type { Verdict } from '../evaluation/index.js';
import type { Sql } from '../sql.js';

/** A verdict with what an alert says of its device. */
export interface AlertAction extends Verdict {
  ruleId: string;
  deviceId: string;
  deviceKey: string;
  deviceName: string;
  assetId: string | null;
  patientId: string | null;
  unit: string | null;
  message: string;
  /** A silence matches it; that of an offline device is found when it is stored. */
  silenced: boolean;
}

export interface Handling {
  /** An alert that was resolved no longer ago than this is reopened instead of raised anew. */
  reopenWithinMs: number;
  /** An alert that nobody acknowledges escalates after this. */
  escalateAfterMs: number;
}

interface Changed {
  id: string;
  rule_id: string;
  device_id: string;
  status: AlertStatus | null;
  severity: Severity | null;
}

const ACTION_COLUMNS = `id uuid, rule_id uuid, device_id uuid, device_key text, device_name text, asset_id uuid, patient_id uuid, kind text,
  metric text, value double precision, unit text, threshold double precision, message text, silenced boolean, started_us double precision, previous_value double precision`;

/** When an alert that is raised now escalates for the first time: by its rule's policy, or the default. */
const escalationAt = (rule: string, nowMs: string, defaultMs: string) =>
  `to_timestamp((${nowMs}::double precision + escalation_after_ms(${rule}, 0, ${defaultMs}::double precision)) / 1000)`;

/** An offline device mutes what its own metrics say. */
const IS_SILENCED = `(w.silenced or (w.kind <> 'DEVICE_OFFLINE' and exists (
  select from alert o where o.device_id = w.device_id and o.kind = 'DEVICE_OFFLINE' and o.status <> 'RESOLVED')))`;

/**
 * Applies verdicts to alerts, at most one per rule and device and call, and says what to record. A verdict that finds
 * nothing to do, because a person was faster, changes nothing.
 */
export async function applyVerdicts(sql: Sql, actions: readonly AlertAction[], nowMs: number, handling: Handling): Promise<Transition[]> {
  const byKey = new Map(actions.map((action) => [`${action.ruleId}/${action.deviceId}`, action]));
  const transitions: Transition[] = [];
  const record = (changed: readonly Changed[], transition: Transition['transition']) => {
    for (const { id, rule_id, device_id, status, severity } of changed) {
      const before = status && severity ? { status, severity } : null;
      const value = byKey.get(`${rule_id}/${device_id}`)?.value ?? null;
      transitions.push({ alertId: id, transition, before, by: null, note: null, value });
    }
  };
  const raises = rowsOf(actions, 'RAISE');
  if (raises) {
    record(await reopen(sql, raises, nowMs, handling), 'REOPENED');
    record(await raise(sql, raises, nowMs, handling), 'RAISED');
  }
  const repeats = rowsOf(actions, 'REPEAT');
  if (repeats) record(await updateOpen(sql, repeats, 'occurrences = a.occurrences + 1'), 'REPEATED');
  const resolutions = rowsOf(actions, 'RESOLVE');
  if (resolutions) {
    record(
      await updateOpen(
        sql,
        resolutions,
        `status = 'RESOLVED', escalate_at = null, resolved_at = to_timestamp(${Number(nowMs)}::double precision / 1000)`,
      ),
      'RESOLVED',
    );
  }
  return transitions;
}

function rowsOf(actions: readonly AlertAction[], move: Verdict['move']): string | null {
  const rows = actions.filter((action) => action.move === move);
  if (rows.length === 0) return null;
  return JSON.stringify(
    rows.map((action) => ({
      id: randomUUID(),
      rule_id: action.ruleId,
      device_id: action.deviceId,
      device_key: action.deviceKey,
      device_name: action.deviceName,
      asset_id: action.assetId,
      patient_id: action.patientId,
      kind: action.kind,
      metric: action.metric,
      value: action.value,
      unit: action.unit,
      threshold: action.threshold,
      message: action.message,
      silenced: action.silenced,
      started_us: action.startedAtUs,
      previous_value: action.previousValue ?? null,
    })),
  );
}

async function reopen(sql: Sql, rows: string, nowMs: number, { reopenWithinMs, escalateAfterMs }: Handling): Promise<Changed[]> {
  if (reopenWithinMs === 0) return [];
  return sql<Changed>(
    `with last as (
       select distinct on (a.rule_id, a.device_id) a.id, a.status, a.severity, w.value, w.previous_value, w.message, w.kind, w.threshold,
         ${IS_SILENCED} as silenced
       from jsonb_to_recordset($1) as w(${ACTION_COLUMNS}) join alert a on a.rule_id = w.rule_id and a.device_id = w.device_id
       join alert_rule r on r.id = a.rule_id and r.enabled and r.deleted_at is null
       order by a.rule_id, a.device_id, a.raised_at desc
     )
     update alert a set status = 'TRIGGERED', resolved_at = null, acknowledged_at = null, acknowledged_by = null,
       escalated_at = null, escalation_level = 0, silenced = last.silenced,
       escalate_at = case when last.silenced then null else ${escalationAt('a.rule_id', '$3', '$4')} end,
       occurrences = a.occurrences + 1, event_count = a.event_count + 1,
       value = last.value, previous_value = last.previous_value, message = last.message, kind = last.kind, threshold = last.threshold
     from last
     where a.id = last.id and a.status = 'RESOLVED' and a.resolved_at > to_timestamp($2::double precision / 1000)
     returning a.id, a.rule_id, a.device_id, last.status, last.severity`,
    [rows, nowMs - reopenWithinMs, nowMs, escalateAfterMs],
  );
}

/** Where one is open already, nothing is raised: the index decides. */
async function raise(sql: Sql, rows: string, nowMs: number, { escalateAfterMs }: Handling): Promise<Changed[]> {
  return sql<Changed>(
    `insert into alert (id, organization_id, rule_id, device_id, device_key, device_name, asset_id, patient_id, kind, severity, status,
                        metric, value, unit, threshold, message, started_at, raised_at, silenced, escalate_at, previous_value, event_count)
     select w.id, r.organization_id, w.rule_id, w.device_id, w.device_key, w.device_name, w.asset_id, w.patient_id, w.kind, r.severity,
            'TRIGGERED', w.metric, w.value, w.unit, w.threshold, w.message, to_timestamp(w.started_us / 1000000),
            to_timestamp($2::double precision / 1000), ${IS_SILENCED},
            case when ${IS_SILENCED} then null else ${escalationAt('w.rule_id', '$2', '$3')} end, w.previous_value, 1
     from jsonb_to_recordset($1) as w(${ACTION_COLUMNS})
     join alert_rule r on r.id = w.rule_id and r.enabled and r.deleted_at is null
     on conflict (rule_id, device_id) where status <> 'RESOLVED' do nothing
     returning id, rule_id, device_id, null as status, null as severity`,
    [rows, nowMs, escalateAfterMs],
  );
}

async function updateOpen(sql: Sql, rows: string, set: string): Promise<Changed[]> {
  return sql<Changed>(
    `with old as (
       select a.id, a.status, a.severity from jsonb_to_recordset($1) as w(rule_id uuid, device_id uuid)
       join alert a on a.rule_id = w.rule_id and a.device_id = w.device_id and a.status <> 'RESOLVED'
       order by a.id for update of a
     )
     update alert a set ${set}, event_count = a.event_count + 1 from old where a.id = old.id
     returning a.id, a.rule_id, a.device_id, old.status, old.severity`,
    [rows],
  );
}
