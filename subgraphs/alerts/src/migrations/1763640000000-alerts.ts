import { protectTable, roleName } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Alerts1763640000000 implements MigrationInterface {
  name = 'Alerts1763640000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table alerts.alert_rule (
        id uuid not null constraint alert_rule_pkey primary key,
        organization_id uuid not null,
        name text not null,
        enabled boolean not null,
        origin text not null,
        target jsonb not null,
        condition jsonb not null,
        severity text not null,
        version integer not null,
        -- Changes with every write, in commit order: evaluators ask for what is new.
        revision bigint not null,
        -- Changes when the rule is enabled, so that evaluation begins afresh.
        armed integer not null default 0,
        source_profile_id uuid,
        source_key text,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        deleted_at timestamptz,
        -- What a person deleted, the profile does not bring back.
        deleted_by_user boolean not null default false,
        constraint alert_rule_source_key unique (source_profile_id, source_key)
      )`);
    await runner.query(`create index alert_rule_by_name on alerts.alert_rule (organization_id, lower(name), id) where deleted_at is null`);
    await runner.query(`create index alert_rule_by_revision on alerts.alert_rule (revision)`);
    await runner.query(`create sequence alerts.alert_rule_revision`);
    // Held until commit, so that no smaller revision can become visible after a larger one.
    await runner.query(`
      create function alerts.next_alert_rule_revision() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock(hashtext('alerts.alert_rule_revision'));
        new.revision := nextval('alerts.alert_rule_revision');
        return new;
      end $$`);
    await runner.query(`
      create trigger alert_rule_revision before insert or update on alerts.alert_rule
      for each row execute function alerts.next_alert_rule_revision()`);
    await runner.query(
      `grant usage on sequence alerts.alert_rule_revision to ${roleName('alerts', 'api')}, ${roleName('alerts', 'service')}`,
    );
    await protectTable(runner, 'alerts', 'alert_rule', { api: 'select, insert, update', service: 'select, insert, update' });

    await runner.query(`
      create table alerts.rule_evaluation (
        rule_id uuid not null constraint rule_evaluation_pkey primary key,
        organization_id uuid not null,
        last_evaluated_at timestamptz,
        last_error text
      )`);
    await protectTable(runner, 'alerts', 'rule_evaluation', { api: 'select', service: 'select, insert, update' });

    await runner.query(`
      create table alerts.rule_state (
        rule_id uuid not null,
        device_id uuid not null,
        organization_id uuid not null,
        -- Compare-and-set between evaluators.
        version integer not null,
        -- The rule's structure the state was made for; another structure starts again.
        shape text not null,
        state jsonb not null,
        -- recordedAt of the newest reading seen, microseconds: what is not newer was evaluated already.
        last_at_us bigint not null,
        -- When metrics (or '', the device) were last heard, microseconds; for silence alone.
        heard jsonb,
        unwatched_us bigint not null default 0,
        due_at timestamptz,
        -- The log entry that brought it here.
        log_partition integer,
        log_position text,
        writer uuid not null,
        updated_at timestamptz not null,
        constraint rule_state_pkey primary key (rule_id, device_id)
      )`);
    await runner.query(`create index rule_state_by_device on alerts.rule_state (device_id)`);
    await runner.query(`create index rule_state_due on alerts.rule_state (due_at) where due_at is not null`);
    await runner.query(`create index rule_state_updated on alerts.rule_state (updated_at)`);
    await protectTable(runner, 'alerts', 'rule_state', { service: 'select, insert, update, delete' });

    await runner.query(`
      create table alerts.alert (
        id uuid not null constraint alert_pkey primary key,
        organization_id uuid not null,
        rule_id uuid not null,
        device_id uuid not null,
        device_key text not null,
        device_name text not null,
        asset_id uuid,
        patient_id uuid,
        kind text not null,
        severity text not null,
        severity_rank smallint not null generated always as (case severity when 'CRITICAL' then 1 when 'HIGH' then 2 when 'MEDIUM' then 3 else 4 end) stored,
        status text not null,
        metric text,
        value double precision,
        unit text,
        threshold double precision,
        message text not null,
        started_at timestamptz not null,
        raised_at timestamptz not null,
        acknowledged_at timestamptz,
        acknowledged_by text,
        resolved_at timestamptz,
        occurrences integer not null default 1,
        event_count integer not null default 0
      )`);
    await runner.query(`create unique index alert_open_key on alerts.alert (rule_id, device_id) where status <> 'RESOLVED'`);
    await runner.query(`create index alert_by_time on alerts.alert (organization_id, raised_at, id)`);
    await runner.query(`create index alert_by_severity on alerts.alert (organization_id, severity_rank, raised_at desc, id desc)`);
    await runner.query(`create index alert_by_device on alerts.alert (device_id, raised_at desc, id desc)`);
    await runner.query(`create index alert_by_rule on alerts.alert (rule_id, device_id, resolved_at desc)`);
    await runner.query(`create index alert_by_asset on alerts.alert (organization_id, asset_id)`);
    await runner.query(`create index alert_by_patient on alerts.alert (patient_id, raised_at desc) where patient_id is not null`);
    await runner.query(`create index alert_open on alerts.alert (organization_id, device_id) where status <> 'RESOLVED'`);
    await runner.query(`create index alert_resolved on alerts.alert (resolved_at) where status = 'RESOLVED'`);
    await protectTable(runner, 'alerts', 'alert', { api: 'select, update', service: 'select, insert, update, delete' });

    await runner.query(`
      create table alerts.alert_event (
        alert_id uuid not null constraint alert_event_alert_id_fkey references alerts.alert (id) on delete cascade,
        no integer not null,
        organization_id uuid not null,
        at timestamptz not null,
        transition text not null,
        by_id text,
        by_name text,
        note text,
        value double precision,
        constraint alert_event_pkey primary key (alert_id, no)
      )`);
    await protectTable(runner, 'alerts', 'alert_event', { api: 'select, insert', service: 'select, insert, delete' });

    await runner.query(`
      create table alerts.alert_change_head (
        organization_id uuid not null constraint alert_change_head_pkey primary key,
        -- Its row lock makes the order of numbers the order of commits.
        seq bigint not null,
        pruned_to bigint not null default 0
      )`);
    await protectTable(runner, 'alerts', 'alert_change_head', { api: 'select, insert, update', service: 'select, insert, update' });
    await runner.query(`
      create table alerts.alert_change (
        organization_id uuid not null,
        seq bigint not null,
        alert_id uuid not null,
        transition text not null,
        at timestamptz not null,
        -- Null when the alert was raised by this change.
        status_before text,
        severity_before text,
        -- The alert as it was after this transition.
        alert jsonb not null,
        constraint alert_change_pkey primary key (organization_id, seq)
      )`);
    await runner.query(`create index alert_change_by_time on alerts.alert_change (at)`);
    await protectTable(runner, 'alerts', 'alert_change', { api: 'select, insert', service: 'select, insert, delete' });

    // One row: when an evaluator last watched over silence.
    await runner.query(
      `create table alerts.watch (one boolean not null constraint watch_pkey primary key default true, watched_at timestamptz not null)`,
    );
    await runner.query(`grant select, insert, update on alerts.watch to ${roleName('alerts', 'service')}`);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
