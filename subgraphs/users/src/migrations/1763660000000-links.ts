import { protectTable } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Invitations and password resets: links that are sent by mail, kept as hashes. */
export class Links1763660000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table users.invitation (
        id uuid primary key,
        organization_id uuid not null,
        email text not null,
        role text not null,
        token_hash text not null constraint invitation_token_hash_key unique,
        invited_by text not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        accepted_at timestamptz,
        constraint invitation_organization_id_fkey foreign key (organization_id) references users.organization (id)
      )`);
    await runner.query('create index invitation_email_idx on users.invitation (organization_id, lower(email))');
    await protectTable(runner, 'users', 'invitation', { service: 'select, insert, update, delete' });
    await runner.query(`
      create table users.password_reset (
        token_hash text primary key,
        user_id uuid not null,
        organization_id uuid not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        used_at timestamptz,
        constraint password_reset_user_id_fkey foreign key (user_id) references users.app_user (id) on delete cascade
      )`);
    await runner.query('create index password_reset_user_id_idx on users.password_reset (user_id)');
    await protectTable(runner, 'users', 'password_reset', { service: 'select, insert, update, delete' });
  }

  down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
