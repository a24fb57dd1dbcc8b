import { JOB_SCHEMAS, protectTable, roleName } from '@pulsegraph/kit/postgres';
import { createSealingKeys } from '@pulsegraph/kit/sealing';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const API = roleName('alerts', 'api');
const SERVICE = roleName('alerts', 'service');

/** Whom alerts reach, by which way, and what became of each attempt. The job queue's own schema is there already. */
export class Notifications1764272000000 implements MigrationInterface {
  name = 'Notifications1764272000000';

  async up(runner: QueryRunner): Promise<void> {
    await createSealingKeys(runner, 'alerts');
    await channels(runner);
    await policies(runner);
    await deliveries(runner);
    await jobs(runner);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}

async function channels(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table alerts.notification_channel (
      id uuid not null constraint notification_channel_pkey primary key,
      organization_id uuid not null,
      name text not null,
      kind text not null,
      enabled boolean not null,
      min_severity text not null,
      -- Without the secrets; those are sealed beside it.
      settings jsonb not null,
      sealed text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz,
      -- The circuit breaker: failures in a row, and until when nothing is tried.
      failures integer not null default 0,
      open_until timestamptz
    )`);
  await runner.query(
    'create unique index notification_channel_name on alerts.notification_channel (organization_id, lower(name)) where deleted_at is null',
  );
  await protectTable(runner, 'alerts', 'notification_channel', { api: 'select, insert, update', service: 'select' });
  await runner.query(`grant update (failures, open_until) on alerts.notification_channel to ${SERVICE}`);

  await runner.query(`
    create table alerts.push_subscription (
      id uuid not null constraint push_subscription_pkey primary key,
      organization_id uuid not null,
      user_id text not null,
      endpoint text not null,
      -- The browser's keys.
      sealed text not null,
      created_at timestamptz not null
    )`);
  await runner.query('create unique index push_subscription_endpoint on alerts.push_subscription (organization_id, md5(endpoint))');
  await protectTable(runner, 'alerts', 'push_subscription', { api: 'select, insert, update, delete', service: 'select, delete' });

  // One row: who we are to push services (VAPID).
  await runner.query(
    `create table alerts.push_identity (
       one boolean not null constraint push_identity_pkey primary key default true check (one), public_key text not null, sealed text not null)`,
  );
  await runner.query(`grant select, insert on alerts.push_identity to ${SERVICE}`);
  await runner.query(`grant select (one, public_key) on alerts.push_identity to ${API}`);

  await runner.query(`
    create table alerts.sms_opt_out (
      organization_id uuid not null,
      channel_id uuid not null constraint sms_opt_out_channel_id_fkey references alerts.notification_channel (id) on delete cascade,
      recipient text not null,
      at timestamptz not null,
      constraint sms_opt_out_pkey primary key (channel_id, recipient)
    )`);
  await protectTable(runner, 'alerts', 'sms_opt_out', { service: 'select, insert, delete' });
}

async function policies(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table alerts.escalation_policy (
      id uuid not null constraint escalation_policy_pkey primary key,
      organization_id uuid not null,
      name text not null,
      steps jsonb not null,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`);
  await runner.query('create unique index escalation_policy_name on alerts.escalation_policy (organization_id, lower(name))');
  await protectTable(runner, 'alerts', 'escalation_policy', { api: 'select, insert, update', service: 'select' });
  await runner.query(`
    alter table alerts.alert_rule add column escalation_policy_id uuid
      constraint alert_rule_escalation_policy_id_fkey references alerts.escalation_policy (id)`);
  // When, counted from the raising, an alert goes up from the level it is at; null where there is no further step.
  await runner.query(`
    create function alerts.escalation_after_ms(rule uuid, level integer, default_ms double precision) returns double precision
    language sql stable as $$
      select case
        when p.id is null then case when level = 0 then default_ms end
        else (select (s.step->>'afterMs')::double precision from jsonb_array_elements(p.steps) with ordinality as s(step, no)
              where (s.step->>'afterMs')::double precision > 0 order by s.no offset level limit 1)
      end
      from alerts.alert_rule r left join alerts.escalation_policy p on p.id = r.escalation_policy_id where r.id = rule
    $$`);
}

async function deliveries(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table alerts.notification_delivery (
      id uuid not null constraint notification_delivery_pkey primary key,
      organization_id uuid not null,
      channel_id uuid not null constraint notification_delivery_channel_id_fkey references alerts.notification_channel (id),
      -- Null for a test.
      alert_id uuid constraint notification_delivery_alert_id_fkey references alerts.alert (id) on delete cascade,
      -- Number of the event that raised or reopened the alert: each raising notifies anew.
      episode integer not null,
      -- 0 when raised, 1… for each step of escalation, 'resolved', or 'test'.
      stage text not null,
      recipient text not null,
      group_key text not null,
      status text not null,
      attempts integer not null default 0,
      last_error text,
      requested_at timestamptz not null,
      delivered_at timestamptz,
      due_at timestamptz not null,
      -- Why it waits, where it was held back.
      held text,
      -- Set at the first attempt.
      give_up_at timestamptz,
      -- An attempt was given no answer: it may have arrived already.
      uncertain boolean not null default false,
      -- What is sent at once, and again in a retry.
      message_id uuid,
      -- What to say: the alert as it was.
      notice jsonb not null
    )`);
  // Nobody hears of the same step twice.
  await runner.query(`
    create unique index notification_delivery_once on alerts.notification_delivery (alert_id, episode, stage, recipient)
    where alert_id is not null`);
  await runner.query(`
    create index notification_delivery_open on alerts.notification_delivery (channel_id, due_at) where status in ('PENDING', 'RETRYING')`);
  await runner.query(`
    create index notification_delivery_group on alerts.notification_delivery (channel_id, recipient, group_key, delivered_at desc)
    where status = 'DELIVERED'`);
  await runner.query('create index notification_delivery_by_time on alerts.notification_delivery (channel_id, requested_at desc, id desc)');
  await protectTable(runner, 'alerts', 'notification_delivery', {
    api: 'select, insert',
    service: 'select, insert, update, delete',
  });
  await runner.query(`
    create table alerts.delivery_attempt (
      delivery_id uuid not null constraint delivery_attempt_delivery_id_fkey references alerts.notification_delivery (id) on delete cascade,
      no integer not null,
      organization_id uuid not null,
      channel_id uuid not null,
      message_id uuid not null,
      started_at timestamptz not null,
      ended_at timestamptz,
      -- Null while it runs.
      outcome text,
      detail text,
      constraint delivery_attempt_pkey primary key (delivery_id, no)
    )`);
  await runner.query('create index delivery_attempt_by_time on alerts.delivery_attempt (channel_id, started_at)');
  await runner.query('create index delivery_attempt_open on alerts.delivery_attempt (channel_id) where outcome is null');
  await protectTable(runner, 'alerts', 'delivery_attempt', { api: 'select', service: 'select, insert, update, delete' });
}

async function jobs(runner: QueryRunner): Promise<void> {
  const schema = JOB_SCHEMAS.alerts;
  // Notifiers, each with a lock of its own while it lives, so that what a dead one held is set free at once.
  await runner.query(
    'create table alerts.notifier (instance integer not null constraint notifier_pkey primary key, workers text[] not null)',
  );
  await runner.query(`grant select, insert, update, delete on alerts.notifier to ${SERVICE}`);
  // Whoever may change alerts may ask for a notification, and nothing else of the queue.
  await runner.query(`
    create function alerts.plan_notifications(payload jsonb) returns void language sql security definer set search_path = pg_catalog as $$
      select from ${schema}.add_job('plan', payload::json)
    $$`);
  await runner.query(`
    create function alerts.wake_channel(channel uuid) returns void language sql security definer set search_path = pg_catalog as $$
      select from ${schema}.add_job('send', json_build_object('channelId', channel), queue_name => 'channel/' || channel,
        job_key => 'send/' || channel, job_key_mode => 'replace')
    $$`);
  for (const signature of ['plan_notifications(jsonb)', 'wake_channel(uuid)']) {
    await runner.query(`revoke execute on function alerts.${signature} from public`);
    await runner.query(`grant execute on function alerts.${signature} to ${API}, ${SERVICE}`);
  }
}
