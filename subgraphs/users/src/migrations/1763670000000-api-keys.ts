import { protectTable } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The api role lists keys and cannot read their hashes. */
export class ApiKeys1763670000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table users.api_key (
        id uuid primary key,
        organization_id uuid not null,
        name text not null,
        prefix text not null,
        hash text not null constraint api_key_hash_key unique,
        role text not null,
        created_by text not null,
        created_at timestamptz not null,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz,
        constraint api_key_organization_id_fkey foreign key (organization_id) references users.organization (id)
      )`);
    await runner.query('create index api_key_list_idx on users.api_key (organization_id, created_at desc, id desc)');
    await protectTable(runner, 'users', 'api_key', {
      api: 'select (id, organization_id, name, prefix, role, created_by, created_at, expires_at, last_used_at, revoked_at)',
      service: 'select, insert, update',
    });
  }

  down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
