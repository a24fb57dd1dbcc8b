import type { AlertStatus, Severity } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Pool } from 'pg';
import { recordTransitions } from '../alert-change/record-transitions.js';
import { isTarget } from '../alert-rule/rule-target.js';
import type { Announcer } from '../announce.js';
import { IDLE } from '../evaluation/index.js';
import { groupBy } from '../group-by.js';
import { inTransaction } from '../sql.js';
import type { RuleBook } from './rule-book.js';

/** Fits no rule. */
const ENDED = 'ended';

interface Stored {
  rule_id: string;
  device_id: string;
  organization_id: string;
}

export interface ReconcileOptions {
  pool: Pool;
  rules: RuleBook;
  registry: RegistryProjection;
  announcer: Announcer;
  clock: () => number;
}

/**
 * Ends what no rule asks for any more: alerts and states of rules that are gone or disabled, and of devices that left
 * their target or were retired. Nothing that a device sends would.
 * @returns The devices concerned.
 */
export async function reconcile({ pool, rules, registry, announcer, clock }: ReconcileOptions): Promise<Set<string>> {
  const { rows } = await pool.query<Stored>(
    `select rule_id, device_id, organization_id from rule_state where shape <> '${ENDED}'
     union select rule_id, device_id, organization_id from alert where status <> 'RESOLVED'`,
  );
  const nowMs = clock();
  const applies = ({ rule_id, device_id }: Stored) => {
    const rule = rules.get(rule_id);
    const device = registry.device(device_id);
    return rule !== undefined && device !== undefined && isTarget(rule.target, device, registry, nowMs);
  };
  const over = rows.filter((row) => !applies(row));
  for (const [organizationId, ended] of groupBy(over, (row) => row.organization_id)) {
    await end(pool, organizationId, ended, nowMs, announcer);
  }
  return new Set(over.map(({ device_id }) => device_id));
}

async function end(pool: Pool, organizationId: string, ended: readonly Stored[], nowMs: number, announcer: Announcer): Promise<void> {
  const pairs = [ended.map(({ rule_id }) => rule_id), ended.map(({ device_id }) => device_id)];
  const { seq, count } = await inTransaction(pool, async (sql) => {
    await sql(
      `delete from rule_state using alert_rule r where r.id = rule_id and (not r.enabled or r.deleted_at is not null) and rule_id = any($1)`,
      [pairs[0]],
    );
    // The rule goes on: other evaluators must see that the state ended, not miss a row.
    await sql(
      `update rule_state set shape = '${ENDED}', state = $3, version = version + 1, due_at = null, heard = null, updated_at = clock_timestamp(),
         writer = gen_random_uuid()
       from unnest($1::uuid[], $2::uuid[]) as p(rule, device) where rule_id = p.rule and device_id = p.device and shape <> '${ENDED}'`,
      [...pairs, JSON.stringify({ phase: IDLE, evidence: null })],
    );
    const resolved = await sql<{ id: string; status: AlertStatus; severity: Severity }>(
      `with old as (
         select a.id, a.status, a.severity from alert a join unnest($1::uuid[], $2::uuid[]) as p(rule, device)
           on a.rule_id = p.rule and a.device_id = p.device
         where a.status <> 'RESOLVED' order by a.id for update of a
       )
       update alert a set status = 'RESOLVED', escalate_at = null, resolved_at = to_timestamp($3::double precision / 1000), event_count = event_count + 1
       from old where a.id = old.id returning old.id, old.status, old.severity`,
      [...pairs, nowMs],
    );
    if (resolved.length === 0) return { seq: 0, count: 0 };
    const note = 'The rule no longer applies to this device.';
    const newest = await recordTransitions(
      sql,
      organizationId,
      nowMs,
      resolved.map(({ id, ...before }) => ({ alertId: id, transition: 'RESOLVED', before, by: null, note, value: null })),
    );
    return { seq: newest, count: resolved.length };
  });
  if (count > 0) announcer.changes(organizationId, seq, Array<'RESOLVED'>(count).fill('RESOLVED'));
}
