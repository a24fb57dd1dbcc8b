import { protectTable } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who is on it, whether anybody is to hear of it, and when the next one is to. */
export class Handling1763650000000 implements MigrationInterface {
  name = 'Handling1763650000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table alerts.alert
        add column assignee_id text,
        add column escalated_at timestamptz,
        add column escalation_level integer not null default 0,
        -- When it escalates unless somebody acknowledges it first.
        add column escalate_at timestamptz,
        add column silenced boolean not null default false`);
    await runner.query(`create index alert_escalation_due on alerts.alert (escalate_at) where escalate_at is not null`);
    await runner.query(`
      create index alert_mute_candidate on alerts.alert (organization_id) where status <> 'RESOLVED' and (silenced or kind = 'DEVICE_OFFLINE')`);
    await runner.query(`
      create table alerts.silence (
        id uuid not null constraint silence_pkey primary key,
        organization_id uuid not null,
        filter jsonb not null,
        starts_at timestamptz not null,
        ends_at timestamptz not null,
        reason text not null,
        created_by text,
        created_by_name text not null,
        created_at timestamptz not null
      )`);
    await runner.query(`create index silence_by_end on alerts.silence (organization_id, ends_at desc, id desc)`);
    await protectTable(runner, 'alerts', 'silence', { api: 'select, insert, update', service: 'select, delete' });
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
