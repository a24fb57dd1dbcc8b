import { JOB_SCHEMAS } from '@pulsegraph/kit/postgres';
import type { AlertStatus } from '@pulsegraph/contracts';
import type { Pool } from 'pg';
import type { ChannelKind, OpenSettings } from '../channel/settings.rules.js';
import type { Due, HoldReason, Recent } from './compose.js';
import type { Outcome } from './outcome.js';
import type { Notice } from './template.js';

export interface StoredChannel {
  id: string;
  organizationId: string;
  name: string;
  kind: ChannelKind;
  settings: OpenSettings;
  sealed: string | null;
  usable: boolean;
  failures: number;
  openUntilMs: number | null;
}

/** A delivery that is due, with how its alert stands by now. */
export interface DueDelivery extends Due {
  alertStatus: AlertStatus | null;
  silenced: boolean;
  /** Of the same raising and recipient, something was delivered. */
  told: boolean;
  giveUpAtMs: number | null;
}

interface Row {
  id: string;
  recipient: string;
  group_key: string;
  stage: string;
  attempts: number;
  held: HoldReason | null;
  uncertain: boolean;
  message_id: string | null;
  requested_at: Date;
  give_up_at: Date | null;
  notice: Notice;
  alert_status: AlertStatus | null;
  silenced: boolean | null;
  told: boolean;
}

const BATCH = 500;
const OPEN = `d.status in ('PENDING', 'RETRYING')`;
/** The end of an alert waits until its beginning has been told, or has not. */
const IN_TURN = `(d.stage <> 'resolved' or not exists (
  select from notification_delivery s where s.alert_id = d.alert_id and s.episode = d.episode and s.recipient = d.recipient
    and s.stage <> 'resolved' and s.status in ('PENDING', 'RETRYING')))`;

/** What the notifier knows of one channel's deliveries. All of it is in the database: a notifier may end at any point. */
export class DeliveryStore {
  constructor(private readonly pool: Pool) {}

  async channel(channelId: string): Promise<StoredChannel | null> {
    const { rows } = await this.pool.query<StoredChannel & { open_until: Date | null }>(
      `select id, organization_id as "organizationId", name, kind, settings, sealed, enabled and deleted_at is null as usable, failures, open_until
       from notification_channel where id = $1`,
      [channelId],
    );
    const [row] = rows;
    return row ? { ...row, openUntilMs: row.open_until?.getTime() ?? null } : null;
  }

  /** Oldest first. */
  async due(channelId: string, nowMs: number): Promise<DueDelivery[]> {
    const { rows } = await this.pool.query<Row>(
      `select d.id, d.recipient, d.group_key, d.stage, d.attempts, d.held, d.uncertain, d.message_id, d.requested_at, d.give_up_at, d.notice,
         a.status as alert_status, a.silenced,
         exists (select from notification_delivery s where s.alert_id = d.alert_id and s.episode = d.episode and s.recipient = d.recipient
           and s.stage <> 'resolved' and s.status = 'DELIVERED') as told
       from notification_delivery d left join alert a on a.id = d.alert_id
       where d.channel_id = $1 and ${OPEN} and d.due_at <= $2 and ${IN_TURN} order by d.due_at, d.requested_at, d.id limit $3`,
      [channelId, new Date(nowMs), BATCH],
    );
    return rows.map((row) => ({
      id: row.id,
      recipient: row.recipient,
      groupKey: row.group_key,
      stage: row.stage,
      attempts: row.attempts,
      held: row.held,
      uncertain: row.uncertain,
      messageId: row.message_id,
      requestedAtMs: row.requested_at.getTime(),
      giveUpAtMs: row.give_up_at?.getTime() ?? null,
      notice: row.notice,
      alertStatus: row.alert_status,
      silenced: row.silenced ?? false,
      told: row.told,
    }));
  }

  /** When something is due next; null when nothing is open. */
  async nextDueMs(channelId: string): Promise<number | null> {
    const { rows } = await this.pool.query<{ at: Date | null }>(
      `select min(d.due_at) as at from notification_delivery d where d.channel_id = $1 and ${OPEN} and ${IN_TURN}`,
      [channelId],
    );
    return rows[0]?.at?.getTime() ?? null;
  }

  async recent(channelId: string, recipient: string, groupKeys: readonly string[], sinceMs: number): Promise<Recent> {
    const groups = await this.pool.query<{ group_key: string; at: Date }>(
      `select group_key, max(delivered_at) as at from notification_delivery
       where channel_id = $1 and recipient = $2 and group_key = any($3) and status = 'DELIVERED' group by group_key`,
      [channelId, recipient, groupKeys],
    );
    const sent = await this.pool.query<{ at: Date }>(
      `select min(t.started_at) as at from delivery_attempt t join notification_delivery d on d.id = t.delivery_id
       where t.channel_id = $1 and t.started_at > $3 and d.recipient = $2 and d.stage <> 'test' and t.outcome in ('DELIVERED', 'NO_ANSWER')
       group by t.message_id order by 1`,
      [channelId, recipient, new Date(sinceMs)],
    );
    return {
      lastOfGroupMs: new Map(groups.rows.map(({ group_key, at }) => [group_key, at.getTime()])),
      sentMs: sent.rows.map(({ at }) => at.getTime()),
    };
  }

  async suppress(ids: readonly string[], why: string): Promise<void> {
    await this.pool.query(`update notification_delivery d set status = 'SUPPRESSED', last_error = $2 where id = any($1) and ${OPEN}`, [
      ids,
      why,
    ]);
  }

  async suppressAll(channelId: string, why: string): Promise<void> {
    await this.pool.query(`update notification_delivery d set status = 'SUPPRESSED', last_error = $2 where channel_id = $1 and ${OPEN}`, [
      channelId,
      why,
    ]);
  }

  async hold(ids: readonly string[], untilMs: number, reason: HoldReason, why: string): Promise<void> {
    await this.pool.query(`update notification_delivery d set due_at = $2, held = $3, last_error = $4 where id = any($1) and ${OPEN}`, [
      ids,
      new Date(untilMs),
      reason,
      why,
    ]);
  }

  /**
   * Writes that an attempt begins, before it does: should the notifier end within it, the next one knows, and until then
   * it is due no more.
   * @returns Those that nobody else has taken meanwhile.
   */
  async begin(deliveries: readonly Due[], messageId: string, nowMs: number, giveUpAtMs: number): Promise<Set<string>> {
    const { rows } = await this.pool.query<{ id: string }>(
      `with taken as (
         update notification_delivery d set attempts = d.attempts + 1,
           status = case when d.attempts = 0 then d.status else 'RETRYING' end, message_id = $2,
           give_up_at = coalesce(d.give_up_at, $4), due_at = $3::timestamptz + interval '1 minute'
         from jsonb_to_recordset($1) as w(id uuid, attempts integer)
         where d.id = w.id and d.attempts = w.attempts and ${OPEN} returning d.id, d.attempts, d.organization_id, d.channel_id
       )
       insert into delivery_attempt (delivery_id, no, organization_id, channel_id, message_id, started_at)
       select id, attempts, organization_id, channel_id, $2, $3 from taken returning delivery_id as id`,
      [JSON.stringify(deliveries.map(({ id, attempts }) => ({ id, attempts }))), messageId, new Date(nowMs), new Date(giveUpAtMs)],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * What became of attempts that `begin` wrote down.
   * @param retryAtMs When those come again that are not at their end.
   * @param regroup What failed for certain may leave in another message next time: after an outage one digest, not a flood.
   */
  async end(
    ids: readonly string[],
    { outcome, detail }: Outcome,
    nowMs: number,
    { retryAtMs, regroup }: { retryAtMs: number | null; regroup: boolean },
  ): Promise<void> {
    const status = outcome === 'DELIVERED' ? 'DELIVERED' : retryAtMs === null ? 'FAILED' : 'RETRYING';
    await this.pool.query(
      `with ended as (
         update delivery_attempt t set ended_at = $2::timestamptz, outcome = $3::text, detail = $4
         where t.delivery_id = any($1) and t.outcome is null
           and t.no = (select max(no) from delivery_attempt l where l.delivery_id = t.delivery_id)
         returning t.delivery_id
       )
       update notification_delivery d set status = $5, last_error = case when $3 = 'DELIVERED' then null else $6::text end,
         delivered_at = case when $3 = 'DELIVERED' then $2 end, due_at = coalesce($7::timestamptz, d.due_at),
         uncertain = d.uncertain or ($3 = 'NO_ANSWER'),
         message_id = case when $8 and not d.uncertain then null else d.message_id end,
         held = case when $8 and not d.uncertain then 'RETRY' else d.held end
       from ended where d.id = ended.delivery_id`,
      [
        ids,
        new Date(nowMs),
        outcome,
        detail,
        status,
        status === 'FAILED' && outcome !== 'REFUSED' ? `Gave up: ${detail}` : detail,
        retryAtMs === null ? null : new Date(retryAtMs),
        regroup && outcome === 'FAILED' && retryAtMs !== null,
      ],
    );
  }

  /** Attempts that a notifier began and did not live to end: whether they arrived, nobody knows. */
  async recover(channelId: string, nowMs: number): Promise<void> {
    await this.pool.query(
      `with lost as (
         update delivery_attempt t set ended_at = $2, outcome = 'NO_ANSWER', detail = $3 where t.channel_id = $1 and t.outcome is null
         returning t.delivery_id
       )
       update notification_delivery d set uncertain = true, last_error = $3, due_at = $2,
         status = case when d.stage = 'test' then 'FAILED' else 'RETRYING' end
       from lost where d.id = lost.delivery_id and ${OPEN}`,
      [channelId, new Date(nowMs), 'The notifier ended before there was an answer.'],
    );
  }

  async breaker(channelId: string, failures: number, openUntilMs: number | null): Promise<void> {
    await this.pool.query('update notification_channel set failures = $2, open_until = $3 where id = $1', [
      channelId,
      failures,
      openUntilMs === null ? null : new Date(openUntilMs),
    ]);
  }

  /** One timer per channel, beside its wake-ups, so that neither delays the other. */
  async later(channelId: string, inMs: number): Promise<void> {
    await this.pool.query(
      `select from ${JOB_SCHEMAS.alerts}.add_job('send', json_build_object('channelId', $1::text), queue_name => 'channel/' || $1,
         run_at => now() + make_interval(secs => $2::double precision / 1000), job_key => 'later/' || $1, job_key_mode => 'replace')`,
      [channelId, Math.max(0, inMs)],
    );
  }
}
