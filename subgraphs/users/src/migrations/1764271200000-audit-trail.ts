import { createAuditOutbox } from '@pulsegraph/kit/audit';
import { grantTable, protectTable, roleName } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Hash chains that can be read and added to, and by no role changed. */
export class AuditTrail1764271200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createAuditOutbox(runner, 'users');
    await runner.query(`
      create table users.audit_event (
        organization_id uuid not null,
        seq bigint not null,
        id uuid not null,
        at timestamptz not null,
        actor_kind text not null,
        actor_id text,
        action text not null,
        subject_type text not null,
        subject_id text,
        detail text not null,
        request_id text,
        sealed text not null,
        hash text not null,
        constraint audit_event_pkey primary key (organization_id, seq),
        constraint audit_event_id_key unique (organization_id, id)
      )`);
    await runner.query('create index audit_event_at_idx on users.audit_event (organization_id, at)');
    await runner.query('create index audit_event_actor_idx on users.audit_event (organization_id, actor_id, seq)');
    await runner.query('create index audit_event_subject_idx on users.audit_event (organization_id, subject_id, seq)');
    await protectTable(runner, 'users', 'audit_event', { api: 'select', service: 'select, insert' });
    for (const table of ['audit_head', 'audit_anchor']) {
      await runner.query(
        `create table users.${table} (organization_id uuid primary key, seq bigint not null, hash text not null, mac text not null)`,
      );
      await protectTable(runner, 'users', table, { service: 'select, insert, update' });
    }
    await runner.query(`
      create table users.audit_person_key (
        organization_id uuid not null,
        person_id text not null,
        wrapped text not null,
        constraint audit_person_key_pkey primary key (organization_id, person_id)
      )`);
    await protectTable(runner, 'users', 'audit_person_key', { service: 'select, insert, update, delete' });
    await runner.query(`
      create table users.audit_signing_key (
        id text primary key,
        public_pem text not null,
        sealed_private_pem text not null,
        created_at timestamptz not null default now()
      )`);
    await grantTable(runner, 'users', 'audit_signing_key', { service: 'select, insert, update' });
    // The only way to delete: by the owner's right, and nothing that is younger than seven years.
    await runner.query(`
      create function users.forget_audit_events(organization uuid, until_seq bigint) returns void
      language plpgsql security definer set search_path = users, pg_temp as $$
      begin
        perform set_config('app.organization_id', organization::text, true);
        delete from users.audit_event
        where organization_id = organization and seq <= until_seq and at < now() - interval '7 years';
      end $$`);
    await runner.query('revoke execute on function users.forget_audit_events from public');
    await runner.query(`grant execute on function users.forget_audit_events to ${roleName('users', 'service')}`);
  }

  down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
