import { grantTable, protectTable } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** TOTP secrets (sealed), recovery codes (hashed), and the key that seals where none is configured. */
export class SecondFactor1763650000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table users.app_user add column mfa_enabled boolean not null default false');
    await runner.query(`
      create table users.second_factor (
        user_id uuid primary key,
        organization_id uuid not null,
        sealed_secret text not null,
        confirmed_at timestamptz,
        last_step bigint not null default 0,
        constraint second_factor_user_id_fkey foreign key (user_id) references users.app_user (id) on delete cascade
      )`);
    await protectTable(runner, 'users', 'second_factor', { service: 'select, insert, update, delete' });
    await runner.query(`
      create table users.recovery_code (
        user_id uuid not null,
        hash text not null,
        organization_id uuid not null,
        used_at timestamptz,
        constraint recovery_code_pkey primary key (user_id, hash),
        constraint recovery_code_user_id_fkey foreign key (user_id) references users.app_user (id) on delete cascade
      )`);
    await protectTable(runner, 'users', 'recovery_code', { service: 'select, insert, update, delete' });
    await runner.query(
      'create table users.sealing_key (id text primary key, key text not null, created_at timestamptz not null default now())',
    );
    await grantTable(runner, 'users', 'sealing_key', { service: 'select, insert' });
  }

  down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
