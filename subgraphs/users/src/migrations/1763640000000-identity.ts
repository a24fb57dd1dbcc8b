import { grantTable, protectTable, roleName } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const ROLES = `'ADMIN', 'ENGINEER', 'OPERATOR', 'CLINICIAN', 'VIEWER'`;

/** Organizations, people, their sessions and what ends them. Secrets lie in tables that the api role cannot read. */
export class Identity1763640000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await people(runner);
    await sessions(runner);
    await platform(runner);
  }

  down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}

async function people(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table users.organization (
      id uuid primary key,
      key text not null constraint organization_key_key unique,
      name text not null,
      time_zone text not null default 'UTC',
      created_at timestamptz not null default now(),
      constraint organization_key_check check (key ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')
    )`);
  // The one table whose own id is the organization.
  await runner.query('alter table users.organization enable row level security');
  await runner.query('alter table users.organization force row level security');
  await runner.query(
    `create policy organization_only on users.organization using (id = nullif(current_setting('app.organization_id', true), '')::uuid)`,
  );
  await grantTable(runner, 'users', 'organization', { api: 'select', service: 'select, insert' });

  await runner.query(`
    create table users.app_user (
      id uuid primary key,
      organization_id uuid not null,
      email text not null,
      display_name text not null,
      role text not null constraint app_user_role_check check (role in (${ROLES})),
      active boolean not null default true,
      last_seen_at timestamptz,
      created_at timestamptz not null default now(),
      constraint app_user_organization_id_fkey foreign key (organization_id) references users.organization (id)
    )`);
  // One account per address on the whole platform: signing in names no organization.
  await runner.query('create unique index app_user_email_key on users.app_user (lower(email))');
  await runner.query('create index app_user_list_idx on users.app_user (organization_id, lower(display_name), id)');
  await protectTable(runner, 'users', 'app_user', { api: 'select', service: 'select, insert, update' });

  await runner.query(`
    create table users.user_password (
      user_id uuid primary key,
      organization_id uuid not null,
      hash text not null,
      changed_at timestamptz not null default now(),
      constraint user_password_user_id_fkey foreign key (user_id) references users.app_user (id) on delete cascade
    )`);
  await protectTable(runner, 'users', 'user_password', { service: 'select, insert, update' });

  await runner.query(`
    create table users.preferences (
      user_id uuid primary key,
      organization_id uuid not null,
      theme text not null constraint preferences_theme_check check (theme in ('SYSTEM', 'LIGHT', 'DARK')),
      locale text not null,
      time_zone text not null,
      alert_sound boolean not null,
      constraint preferences_user_id_fkey foreign key (user_id) references users.app_user (id) on delete cascade
    )`);
  await protectTable(runner, 'users', 'preferences', { api: 'select, insert, update', service: 'select' });
}

async function sessions(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table users.session (
      id uuid primary key,
      organization_id uuid not null,
      user_id uuid not null,
      rotation_secret text not null,
      created_at timestamptz not null,
      last_used_at timestamptz not null,
      expires_at timestamptz not null,
      ended_at timestamptz,
      end_reason text,
      user_agent text,
      address text,
      constraint session_user_id_fkey foreign key (user_id) references users.app_user (id) on delete cascade
    )`);
  await runner.query('create index session_open_idx on users.session (user_id) where ended_at is null');
  await runner.query('create index session_expires_at_idx on users.session (expires_at)');
  await protectTable(runner, 'users', 'session', { service: 'select, insert, update, delete' });

  await runner.query(`
    create table users.refresh_token (
      hash text primary key,
      session_id uuid not null,
      organization_id uuid not null,
      issued_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      constraint refresh_token_session_id_fkey foreign key (session_id) references users.session (id) on delete cascade
    )`);
  await runner.query('create index refresh_token_session_id_idx on users.refresh_token (session_id)');
  await runner.query('create index refresh_token_expires_at_idx on users.refresh_token (expires_at)');
  await protectTable(runner, 'users', 'refresh_token', { service: 'select, insert, update, delete' });
}

async function platform(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table users.sign_in_attempt (
      identity text primary key,
      failures integer not null,
      last_at timestamptz not null,
      locked_until timestamptz
    )`);
  await grantTable(runner, 'users', 'sign_in_attempt', { service: 'select, insert, update, delete' });

  await runner.query(`
    create table users.signing_key (
      kid text primary key,
      private_jwk jsonb not null,
      public_jwk jsonb not null,
      created_at timestamptz not null,
      signs_from timestamptz not null,
      verifies_until timestamptz
    )`);
  await grantTable(runner, 'users', 'signing_key', { service: 'select, insert, update, delete' });

  // Numbered by a sequence drawn under a lock that is held until commit, so that a reader never sees 7 before 6.
  await runner.query('create sequence users.revocation_revision as bigint');
  await runner.query(`grant select, usage on sequence users.revocation_revision to ${roleName('users', 'service')}`);
  await runner.query(`
    create table users.revocation (
      revision bigint primary key,
      organization_id uuid not null,
      kind text not null constraint revocation_kind_check check (kind in ('session', 'api-key', 'user', 'role')),
      subject_id uuid not null,
      role text,
      at timestamptz not null
    )`);
  await runner.query('create index revocation_at_idx on users.revocation (at)');
  await protectTable(runner, 'users', 'revocation', { service: 'select, insert, delete' });
}
