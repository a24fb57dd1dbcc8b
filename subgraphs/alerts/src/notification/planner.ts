import { randomUUID } from 'node:crypto';
import { unitSymbol, type AlertTransition } from '@pulsegraph/contracts';
import type { Pool } from 'pg';
import { z } from 'zod';
import { alertOfSnapshot, type Alert, type AlertSnapshot } from '../alert/alert.entity.js';
import type { StoredStep } from '../escalation-policy/escalation-policy.entity.js';
import type { Stage } from '../delivery/notification-delivery.entity.js';
import { inTransaction, type Sql } from '../sql.js';
import { Audience, type Addressee } from './audience.js';
import type { Notice } from './template.js';
import type { UserDirectory } from './user-directory.js';

const payloadRules = z.object({
  transitions: z.array(z.object({ alertId: z.string(), transition: z.string(), no: z.number(), level: z.number() })),
});

interface Change {
  alertId: string;
  transition: string;
  /** Of the event in the alert's history. */
  no: number;
  level: number;
}

interface Subject {
  alert: Alert;
  episode: number;
  ruleName: string;
  steps: StoredStep[] | null;
  previousValue: number | null;
}

/** Turns what happened to alerts into deliveries: who is to hear of it, by which channel. Repeating it adds nothing. */
export class Planner {
  constructor(
    private readonly pool: Pool,
    private readonly directory: UserDirectory,
    private readonly clock: () => number,
  ) {}

  /** @throws Error when some people could not be found out; the rest is planned, and trying again adds only them. */
  async plan(payload: unknown): Promise<void> {
    const { transitions } = payloadRules.parse(payload);
    const missing: unknown[] = [];
    for (const change of transitions) {
      await inTransaction(this.pool, (sql) => this.planOne(sql, change, (error) => missing.push(error)));
    }
    if (missing.length > 0) throw missing[0];
  }

  private async planOne(sql: Sql, change: Change, onMissing: (error: unknown) => void): Promise<void> {
    const subject = await subjectOf(sql, change);
    if (!subject) return;
    const { alert, steps } = subject;
    const transition = change.transition as AlertTransition;
    if (transition === 'RESOLVED') {
      await this.store(sql, subject, 'resolved', noticeOf(subject, 'resolved', change.level), await toldOf(sql, subject));
      return;
    }
    const isStillOpen = alert.status === 'TRIGGERED' || alert.status === 'ESCALATED';
    // What changes an open alert matters to those who were not told yet; once somebody is on it, to nobody.
    if ((transition === 'SEVERITY_CHANGED' || transition === 'UNSILENCED') && !isStillOpen) return;
    const level = transition === 'ESCALATED' ? change.level : 0;
    const audience = await new Audience(sql, this.directory).at(alert.organizationId, steps, level, alert.severity, onMissing);
    await this.store(sql, subject, `${level}`, noticeOf(subject, level > 0 ? 'escalated' : 'raised', level), audience);
  }

  private async store(sql: Sql, { alert, episode }: Subject, stage: Stage, notice: Notice, audience: readonly Addressee[]): Promise<void> {
    if (audience.length === 0) return;
    const rows = audience.map(({ channel, recipient }) => ({ id: randomUUID(), channel_id: channel.id, recipient }));
    const stored = await sql<{ channel_id: string }>(
      `insert into notification_delivery
         (id, organization_id, channel_id, alert_id, episode, stage, recipient, group_key, status, requested_at, due_at, notice)
       select d.id, $2, d.channel_id, $3, $4, $5, d.recipient, $6, 'PENDING', $7, $7, $8
       from jsonb_to_recordset($1) as d(id uuid, channel_id uuid, recipient text)
       on conflict (alert_id, episode, stage, recipient) where alert_id is not null do nothing
       returning channel_id`,
      [
        JSON.stringify(rows),
        alert.organizationId,
        alert.id,
        episode,
        stage,
        `${alert.ruleId}/${stage}`,
        new Date(this.clock()),
        JSON.stringify(notice),
      ],
    );
    for (const channelId of new Set(stored.map(({ channel_id }) => channel_id))) await sql('select wake_channel($1)', [channelId]);
  }
}

/** Null once the alert is gone. */
async function subjectOf(sql: Sql, { alertId, no }: Change): Promise<Subject | null> {
  const [row] = await sql<{
    alert: AlertSnapshot;
    episode: number | null;
    rule_name: string;
    steps: StoredStep[] | null;
  }>(
    `select to_jsonb(a) as alert, r.name as rule_name, p.steps,
       (select max(e.no) from alert_event e where e.alert_id = a.id and e.no <= $2 and e.transition in ('RAISED', 'REOPENED')) as episode
     from alert a join alert_rule r on r.id = a.rule_id left join escalation_policy p on p.id = r.escalation_policy_id
     where a.id = $1`,
    [alertId, no],
  );
  if (!row) return null;
  return {
    alert: alertOfSnapshot(row.alert),
    episode: row.episode ?? 1,
    ruleName: row.rule_name,
    steps: row.steps,
    previousValue: row.alert.previous_value ?? null,
  };
}

/** Who was told of this raising, or is being told, through channels that want to hear of its end. */
async function toldOf(sql: Sql, { alert, episode }: Subject): Promise<Addressee[]> {
  const rows = await sql<Addressee['channel'] & { recipient: string }>(
    `select distinct on (d.recipient) d.recipient, c.id, c.organization_id as "organizationId", c.kind, c.min_severity as "minSeverity", c.settings
     from notification_delivery d join notification_channel c on c.id = d.channel_id and c.enabled and c.deleted_at is null
     where d.alert_id = $1 and d.episode = $2 and d.stage <> 'resolved'
       and (d.status = 'DELIVERED' or (d.status in ('PENDING', 'RETRYING') and d.held is null)) order by d.recipient, d.requested_at`,
    [alert.id, episode],
  );
  return rows
    .filter(({ kind, settings }) => (settings.notifyResolved as boolean | undefined) ?? (kind === 'WEBHOOK' || kind === 'SLACK'))
    .map(({ recipient, ...channel }) => ({ channel, recipient }));
}

function noticeOf({ alert, ruleName, previousValue }: Subject, event: Notice['event'], level: number): Notice {
  return {
    alertId: alert.id,
    event,
    level,
    severity: alert.severity,
    kind: alert.kind,
    deviceId: alert.deviceId,
    deviceKey: alert.deviceKey,
    deviceName: alert.deviceName,
    ruleId: alert.ruleId,
    ruleName,
    message: alert.message,
    metric: alert.metric,
    value: alert.value,
    unit: alert.unit === null ? null : unitSymbol(alert.unit),
    threshold: alert.threshold,
    previousValue: event === 'resolved' ? null : previousValue,
    startedAt: alert.startedAt.toISOString(),
    raisedAt: alert.raisedAt.toISOString(),
  };
}
